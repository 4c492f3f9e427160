// Pictures: the stage, the outline, before and after, full size.

export const PICTURES = `
.stage { position: relative; flex: none; container-type: size; display: grid; place-items: center; block-size: min(58dvh, 133vw); background: var(--sunk); overflow: hidden; }
.stage > .frame { grid-area: 1 / 1; }
.frame { position: relative; inline-size: min(100cqw, 100cqh * var(--ratio, .75)); aspect-ratio: var(--ratio, .75); overflow: hidden; }
.frame img { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; object-fit: cover; user-select: none; -webkit-user-select: none; }
.outline { block-size: 100%; fill: none; stroke: currentColor; stroke-width: 2.5; stroke-linecap: round; stroke-linejoin: round; stroke-dasharray: 8 8; }
.inside { fill: none; stroke: none; }
.guide .inside { fill: color-mix(in srgb, var(--surface) 70%, transparent); }
.guide { color: var(--edge); }
.guide .outline { block-size: 90%; align-self: end; }
[data-view="start"] .stage { block-size: min(38dvh, 100vw); }
[data-view="check"] .stage { block-size: min(46dvh, 133vw); }
.lens { background: #1d1b19; color: #fff; }
.lens .outline { position: absolute; inset: 4% 0 0; inline-size: 100%; block-size: 96%; filter: drop-shadow(0 0 3px rgb(0 0 0 / .8)); pointer-events: none; }
.video { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; object-fit: cover; }
.mirrored .video { transform: scaleX(-1); }
.count { position: absolute; inset: 0; display: grid; place-items: center; margin: 0; font-size: 120px; font-weight: 700; font-variant-numeric: tabular-nums; text-shadow: 0 2px 24px rgb(0 0 0 / .6); }
.busy .frame:first-child img { filter: saturate(.75); }
.frame.coarse { z-index: 1; }
.after { clip-path: inset(0 0 0 var(--at, 0%)); }
.frame:has(.handle) { cursor: ew-resize; touch-action: pan-y; }
.handle { position: absolute; inset-block: 0; left: clamp(28px, var(--at, 0%), 100% - 28px); inline-size: 0; outline: none; }
.compared .handle::before { content: ""; position: absolute; inset-block: 0; left: -1px; inline-size: 2px; background: #fff; box-shadow: 0 0 4px rgb(0 0 0 / .5); }
.knob { position: absolute; top: 62%; left: -22px; display: grid; place-items: center; inline-size: 44px; block-size: 44px; border-radius: 50%; background: #fff; color: #1d1b19; box-shadow: 0 2px 10px rgb(0 0 0 / .35); }
.knob::before { content: ""; inline-size: 18px; block-size: 10px; background: linear-gradient(currentColor, currentColor) center / 0 0 no-repeat; border: 0; clip-path: polygon(0 50%, 33% 0, 33% 100%, 0 50%, 100% 50%, 67% 0, 67% 100%, 100% 50%); background-color: currentColor; }
.handle:focus-visible .knob { outline: 3px solid var(--focus); outline-offset: 2px; }
.label { position: absolute; inset-block-start: 12px; padding: 3px 10px; border-radius: 14px; background: rgb(20 18 16 / .68); color: #fff; font-size: 13px; line-height: 1.5; opacity: 0; pointer-events: none; }
.compared .label { opacity: 1; }
.label-before { left: 12px; }
.label-after { right: 12px; }
.full { position: fixed; inset: 0; inline-size: 100vw; block-size: 100dvh; max-inline-size: none; max-block-size: none; margin: 0; padding: 0; border: 0; background: #161514; overflow: hidden; }
.pane { inline-size: 100%; block-size: 100%; overflow: auto; overscroll-behavior: contain; display: grid; outline-offset: -4px; }
.pane img { place-self: safe center; inline-size: max(100vw, 768px); max-inline-size: none; block-size: auto; }
.full .close { position: absolute; inset-block-start: 12px; inset-inline-end: 12px; background: rgb(20 18 16 / .72); color: #fff; }
@media (min-width: 760px) {
  [data-view] .stage { block-size: auto; }
  .pane img { inline-size: min(100vw, 1024px); }
}
@media (max-width: 759px) and (max-height: 500px) { [data-view] .stage { block-size: 80dvh; } }
@media (prefers-reduced-motion: no-preference) {
  .label { transition: opacity .2s; }
  .frame.coarse { animation: come .5s ease-out; }
  .busy::after { content: ""; position: absolute; inset: 0; z-index: 2; background: linear-gradient(180deg, transparent 30%, rgb(255 255 255 / .35) 50%, transparent 70%) 0 0 / 100% 200%; animation: look 2.2s ease-in-out infinite alternate; }
  @keyframes come { from { opacity: 0; } }
  @keyframes look { from { background-position: 0 110%; } to { background-position: 0 -10%; } }
}
`;

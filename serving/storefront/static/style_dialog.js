// The dialog: a sheet over the whole of a telephone, a card on larger screens.

export const DIALOG = `
dialog { color: var(--ink); background: var(--surface); font-family: var(--font); font-size: 16px; line-height: 1.5; font-weight: 400; text-align: start; letter-spacing: normal; text-transform: none; }
.dialog { position: fixed; inset: 0; inline-size: 100vw; block-size: 100dvh; max-inline-size: none; max-block-size: none; margin: 0; padding: 0; border: 0; overflow: hidden; }
.dialog[open] { display: grid; grid-template-rows: auto minmax(0, 1fr); }
dialog::backdrop { background: rgb(20 18 16 / .55); }
.header { display: grid; grid-template-columns: 48px 1fr 48px; align-items: center; gap: 4px; min-block-size: 64px; padding: 8px; }
.header .title { grid-column: 2; }
.header .close { grid-column: 3; }
.title { margin: 0; font-size: 18px; line-height: 1.25; font-weight: 650; text-align: center; text-wrap: balance; outline: none; }
.round { inline-size: 48px; block-size: 48px; min-height: 48px; padding: 0; border-radius: 50%; }
[dir="rtl"] .header .round:first-child .icon { transform: scaleX(-1); }
.body { display: flex; flex-direction: column; overflow: auto; overscroll-behavior: contain; }
.panel { display: flex; flex-direction: column; gap: 16px; padding: 20px 20px calc(24px + env(safe-area-inset-bottom)); }
.panel > * { margin: 0; }
.lead { font-size: 17px; text-wrap: pretty; }
.actions { display: grid; gap: 10px; }
.primary { background: var(--accent); color: var(--on-accent); border-color: var(--accent); }
.secondary { border-color: var(--edge); }
.danger { background: var(--bad); border-color: var(--bad); color: var(--surface); }
.link { min-height: 44px; padding: 8px 0; gap: 8px; font-weight: 500; text-decoration: underline; text-underline-offset: 3px; text-decoration-thickness: 1px; }
.link .icon { inline-size: 20px; block-size: 20px; }
.erase { color: var(--bad); }
.tool { flex: 1 1 0; min-inline-size: 88px; padding: 8px 10px; gap: 8px; background: var(--sunk); font-weight: 500; font-size: 15px; }
.tool .icon { inline-size: 20px; block-size: 20px; }
.tools { display: flex; flex-wrap: wrap; gap: 8px; }
@media (hover: hover) {
  .primary:not(:disabled):hover { background: color-mix(in srgb, var(--accent) 86%, var(--surface)); }
  .danger:hover { background: color-mix(in srgb, var(--bad) 86%, var(--surface)); }
  .secondary:hover, .round:hover, .tool:hover { background: color-mix(in srgb, var(--ink) 9%, transparent); }
  .link:hover { text-decoration-thickness: 2px; }
}
.tips { display: grid; gap: 8px; padding: 0; list-style: none; color: var(--quiet); }
.tips li { display: grid; grid-template-columns: 22px 1fr; gap: 10px; align-items: start; }
.tips li::before { content: ""; inline-size: 6px; block-size: 6px; margin: 9px 8px; border-radius: 50%; background: var(--accent); }
.drop, .made, .kept { color: var(--quiet); font-size: 14px; line-height: 1.45; text-wrap: pretty; }
.drop { display: none; }
.notice { padding: 12px 16px; border-radius: var(--radius); background: var(--sunk); border-inline-start: 4px solid var(--accent); }
.missing { color: var(--bad); font-weight: 600; }
.missing:empty { display: none; }
.consent { display: grid; grid-template-columns: 24px 1fr; gap: 14px; align-items: start; padding: 14px 16px; border: 1px solid var(--line); border-radius: var(--radius); font-size: 15px; line-height: 1.45; cursor: pointer; }
.agree { inline-size: 24px; block-size: 24px; margin: 0; accent-color: var(--accent); cursor: pointer; }
.choices { display: flex; align-items: center; gap: 8px; min-inline-size: 0; margin: 0; padding: 0; border: 0; }
.choices legend { float: inline-start; padding: 0; margin-inline-end: 6px; color: var(--quiet); }
.choice { position: relative; display: grid; cursor: pointer; }
.choice input { position: absolute; inset: 0; margin: 0; opacity: 0; cursor: pointer; }
.choice span { display: grid; place-items: center; min-inline-size: 56px; min-block-size: 44px; padding: 0 12px; border: 1px solid var(--line); border-radius: 22px; font-weight: 500; font-variant-numeric: tabular-nums; }
.choice :checked + span { background: var(--ink); border-color: var(--ink); color: var(--surface); }
.choice :focus-visible + span { outline: 3px solid var(--focus); outline-offset: 2px; }
.progress { block-size: 6px; border-radius: 3px; background: var(--sunk); overflow: hidden; }
.bar { position: relative; block-size: 100%; border-radius: 3px; background: var(--accent); overflow: hidden; }
.section { display: grid; grid-template-columns: minmax(0, 1fr); gap: 10px; }
.heading { margin: 0; font-size: 15px; font-weight: 650; }
.group { margin: 4px 0 -4px; font-size: 14px; font-weight: 500; color: var(--quiet); }
.pieces { display: grid; gap: 8px; margin: 0; padding: 0; list-style: none; }
.piece { display: grid; grid-template-columns: 52px 1fr auto; align-items: center; gap: 12px; padding: 4px; padding-inline-end: 0; border-radius: var(--radius); background: var(--sunk); line-height: 1.3; }
.piece .thumb { inline-size: 52px; block-size: 52px; background: var(--surface); }
.piece-name { padding-inline-end: 8px; overflow-wrap: anywhere; }
.thumb { display: grid; place-items: center; overflow: hidden; border-radius: calc(var(--radius) - 4px); background: var(--sunk); color: var(--quiet); }
.thumb img { inline-size: 100%; block-size: 100%; object-fit: cover; }
.cards { display: flex; gap: 10px; margin: 0 -20px; padding: 4px 20px 8px; list-style: none; overflow-x: auto; scroll-snap-type: x proximity; scroll-padding-inline: 20px; }
.card-place { position: relative; flex: 0 0 112px; scroll-snap-align: start; }
.card { position: relative; display: grid; grid-template-rows: auto 1fr; justify-items: stretch; align-content: start; gap: 8px; inline-size: 100%; min-height: 0; block-size: 100%; padding: 0; border: 0; font-weight: 400; font-size: 14px; text-align: start; }
.card .thumb { aspect-ratio: 1; border-radius: var(--radius); box-shadow: inset 0 0 0 1px var(--line); }
.card.worn .thumb { box-shadow: 0 0 0 2px var(--surface), 0 0 0 4px var(--accent); }
.card-name { align-self: start; padding-inline: 2px; overflow-wrap: anywhere; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; }
.badge { position: absolute; inset-block-start: 8px; inset-inline-end: 8px; display: grid; place-items: center; inline-size: 24px; block-size: 24px; border-radius: 50%; background: var(--accent); color: var(--on-accent); }
.badge .icon { inline-size: 15px; block-size: 15px; stroke-width: 2.6; }
.too { position: absolute; inset-block-start: 0; inset-inline-end: 0; inline-size: 44px; block-size: 44px; min-height: 44px; }
.too .icon { inline-size: 28px; block-size: 28px; padding: 5px; border-radius: 50%; background: var(--surface); box-shadow: 0 0 0 1px var(--line); }
.privacy { display: flex; flex-wrap: wrap; align-items: center; gap: 0 20px; padding-block-start: 12px; border-block-start: 1px solid var(--line); }
.privacy .kept { flex: 1 1 100%; margin: 0; }
@media (min-width: 760px) {
  .dialog { inset: 0; margin: auto; inline-size: min(980px, 100vw - 64px); block-size: min(740px, 100dvh - 64px); border-radius: calc(var(--radius) + 8px); box-shadow: 0 24px 80px rgb(20 18 16 / .35); }
  .dialog[open] { grid-template: auto minmax(0, 1fr) / minmax(0, 1fr); }
  .body { display: grid; grid-template-columns: minmax(0, 1fr) 380px; overflow: hidden; }
  .header { min-block-size: 68px; padding: 10px 14px; }
  .title { font-size: 22px; }
  .panel { overflow: auto; overscroll-behavior: contain; padding: 24px 28px 28px; }
  .dialog:not([data-view="result"]) .panel { justify-content: safe center; }
  .drop { display: block; }
  .cards { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 14px 10px; margin: 0; padding: 4px; overflow: visible; }
}
@media (min-width: 760px) and (max-height: 560px) {
  .dialog { inline-size: 100vw; block-size: 100dvh; border-radius: 0; }
  .header { min-block-size: 52px; padding: 2px 8px; }
  .panel { padding: 16px 20px; }
}
@media (max-width: 759px) {
  [data-view="check"] .actions, [data-view="working"] .actions { margin-block-start: auto; }
}
@media (prefers-reduced-motion: no-preference) {
  .bar { transition: inline-size .6s cubic-bezier(.2, .7, .3, 1); }
  .bar::after { content: ""; position: absolute; inset: 0; background: linear-gradient(90deg, transparent, color-mix(in srgb, var(--on-accent) 45%, transparent), transparent); animation: pass 1.4s linear infinite; }
  .dialog[open] { animation: rise .22s cubic-bezier(.2, .7, .3, 1); }
  @keyframes pass { from { transform: translateX(-100%); } to { transform: translateX(100%); } }
  @keyframes rise { from { opacity: 0; transform: translateY(16px); } }
}
`;

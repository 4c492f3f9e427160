// Colours and the button. Sheets are made in script: a page needs no 'unsafe-inline' for them.

const made = new Map();

/** The style sheet of some CSS, one for all elements of a page. */
export function sheetOf(css) {
  if (!made.has(css)) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    made.set(css, sheet);
  }
  return made.get(css);
}

// Shops set --tryon-…; light or dark follows the page's own color-scheme, or the attribute `theme`.
export const BUTTON = `
:host {
  display: inline-block;
  --ink: var(--tryon-ink, #1d1b19);
  --quiet: var(--tryon-quiet, #625d57);
  --surface: var(--tryon-surface, #ffffff);
  --sunk: var(--tryon-sunk, #f3f1ed);
  --line: var(--tryon-line, #d8d3cb);
  --edge: var(--tryon-edge, #857f77);
  --accent: var(--tryon-accent, #1d1b19);
  --on-accent: var(--tryon-on-accent, #ffffff);
  --bad: var(--tryon-bad, #a3271f);
  --focus: var(--tryon-focus, #1763d1);
  --radius: var(--tryon-radius, 12px);
  --font: var(--tryon-font, inherit);
}
@supports (color: light-dark(#000, #fff)) {
  :host {
    --ink: var(--tryon-ink, light-dark(#1d1b19, #f2efeb));
    --quiet: var(--tryon-quiet, light-dark(#625d57, #b7b0a8));
    --surface: var(--tryon-surface, light-dark(#ffffff, #1b1a18));
    --sunk: var(--tryon-sunk, light-dark(#f3f1ed, #262422));
    --line: var(--tryon-line, light-dark(#d8d3cb, #403c38));
    --edge: var(--tryon-edge, light-dark(#857f77, #8d867e));
    --accent: var(--tryon-accent, light-dark(#1d1b19, #f2efeb));
    --on-accent: var(--tryon-on-accent, light-dark(#ffffff, #1b1a18));
    --bad: var(--tryon-bad, light-dark(#a3271f, #ff9d92));
    --focus: var(--tryon-focus, light-dark(#1763d1, #86b7ff));
  }
}
:host([hidden]) { display: none; }
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
button, .place { font: inherit; font-family: var(--font); letter-spacing: inherit; }
button {
  display: inline-flex; align-items: center; justify-content: center; gap: 10px; margin: 0; min-height: 48px; padding: 10px 20px;
  border: 1px solid transparent; border-radius: var(--radius); background: none; color: inherit;
  font-weight: 600; line-height: 1.2; text-align: center; cursor: pointer; touch-action: manipulation; -webkit-tap-highlight-color: transparent;
}
button:disabled { cursor: default; opacity: .55; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
.icon { flex: none; inline-size: 22px; block-size: 22px; fill: none; stroke: currentColor; stroke-width: 1.7; stroke-linecap: round; stroke-linejoin: round; }
.spoken { position: absolute; inline-size: 1px; block-size: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.button { inline-size: 100%; background: var(--surface); border-color: var(--ink); color: var(--ink); }
@media (hover: hover) { .button:hover { background: var(--sunk); } }
@media (forced-colors: active) { button { border-color: ButtonText; } }
`;

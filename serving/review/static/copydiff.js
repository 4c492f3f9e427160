// @ts-check
/** What changed between two texts, by words; and characters counted as the engine counts them. */

/** @typedef {{same: string} | {gone: string} | {come: string}} Piece */

/** Code points: what the engine counts and what its spans index. @param {string} text */
export const lengthOf = (text) => [...text].length;

/** Index into UTF-16 of a code point's place. @param {string} text @param {number} at */
export function place(text, at) {
  return [...text].slice(0, at).join("").length;
}

/** Words, spaces and signs; scripts without spaces go character by character. @param {string} text */
function tokens(text) {
  return text.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[\p{L}\p{N}\p{M}]+|\s+|[^\p{L}\p{N}\s]/gu) ?? [];
}

/**
 * The pieces of `after`, and those of `before` that are gone, in reading order: the fewest words
 * gone and come (longest common subsequence).
 * @param {string} before
 * @param {string} after
 * @returns {Piece[]}
 */
export function difference(before, after) {
  const [a, b] = [tokens(before), tokens(after)];
  const common = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i][j] = a[i] === b[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
  /** @type {Piece[]} */
  const pieces = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    if (i < a.length && j < b.length && a[i] === b[j]) pieces.push({ same: (j++, a[i++]) });
    else if (i < a.length && (j === b.length || common[i + 1][j] >= common[i][j + 1])) pieces.push({ gone: a[i++] });
    else pieces.push({ come: b[j++] });
  }
  return joined(pieces);
}

/** Neighbours of one sort as one piece. @param {Piece[]} pieces */
function joined(pieces) {
  /** @type {Piece[]} */
  const whole = [];
  for (const piece of pieces) {
    const [[sort, text]] = Object.entries(piece);
    const last = whole[whole.length - 1];
    if (last && sort in last) whole[whole.length - 1] = /** @type {Piece} */ ({ [sort]: Object.values(last)[0] + text });
    else whole.push(piece);
  }
  return whole;
}

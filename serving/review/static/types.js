// @ts-check
/** Shapes of what the door answers with (`serving/api/wire_cases.py`) and of what the page keeps. */

/** @typedef {[number, number, number, number]} Box x0, y0, x1, y1, each 0..1 of the picture */
/** @typedef {[number, number]} Span first and last frame, 0-based, inclusive */

/** @typedef {"note" | "minor" | "major" | "fatal"} Severity */

/**
 * @typedef {object} Evidence
 * @property {string} kind
 * @property {Severity} severity
 * @property {string} message
 * @property {string} words what it means, for a person
 * @property {string} metric
 * @property {string} asset role of the asset concerned
 * @property {Span | null} frames
 * @property {Box | null} box
 * @property {string} field slot of copy, such as `bullets.2`
 * @property {Span | null} span characters (code points) of the slot, end exclusive
 * @property {number | null} number
 * @property {number | null} threshold
 */

/**
 * @typedef {object} Asset
 * @property {string} role
 * @property {string} url
 * @property {string} media_type
 * @property {number} width_px
 * @property {number} height_px
 * @property {number} duration_s
 * @property {number} fps
 * @property {number} frames
 */

/** @typedef {{url: string, role?: string, width_px?: number, height_px?: number}} Photo */
/** @typedef {{name: string, text: string}} Fact */

/**
 * @typedef {object} Product
 * @property {string} price in words, or empty
 * @property {string} language
 * @property {string} title
 * @property {string} brand
 * @property {string[]} category
 * @property {Fact[]} facts
 * @property {Photo[]} photos
 */

/**
 * @typedef {object} Correction one that the case allows
 * @property {Action} action
 * @property {string} words
 * @property {Record<string, any>} parameters
 * @property {Record<string, any>} suggested
 * @property {string} refused why nothing is suggested, or empty
 */

/** @typedef {{at: string, name: string, words: string}} Happening */

/**
 * @typedef {object} Sheet a claimed case
 * @property {string} id
 * @property {string} token
 * @property {string} lease_until
 * @property {"video" | "image" | "text"} kind
 * @property {string} sku
 * @property {string} title
 * @property {string[]} reasons
 * @property {number} value_at_risk
 * @property {string | null} due_at
 * @property {string} job_id
 * @property {string} backend
 * @property {string} model
 * @property {number} seed
 * @property {Record<string, any>} parameters what the candidate was made with
 * @property {string} locale
 * @property {string} channel
 * @property {Product} product
 * @property {Asset[]} assets
 * @property {Record<string, string>} slots the copy of a text case, in reading order
 * @property {Evidence[]} evidence the heaviest first
 * @property {FaultWord[]} faults what a reviewer can name
 * @property {Correction[]} corrections
 * @property {Happening[]} history
 */

/**
 * @typedef {object} Mark a fault that the reviewer saw
 * @property {string} kind
 * @property {Span | null} frames
 * @property {Box | null} box
 * @property {string} asset
 * @property {string} field
 * @property {Span | null} span
 */

/** @typedef {"" | "accept" | "trim" | "regenerate" | "fall_back" | "replace" | "edit" | "adjust" | "reject"} Action */

/**
 * @typedef {object} DraftState everything a reviewer entered; plain JSON, kept until it is sent
 * @property {Action} action
 * @property {Mark[]} marks
 * @property {number} active index of the mark being worked on, or -1
 * @property {Span | null} cut frames to trim
 * @property {number} seed
 * @property {Record<string, string>} parameters changed recipe parameters as typed
 * @property {string} design
 * @property {{digest: string, media_type: string, name: string} | null} upload
 * @property {Record<string, string>} slots edited copy
 * @property {number} mask_grow_px
 * @property {Box | null} crop
 * @property {string} comment
 */

/** @typedef {{kind: string, name: string, what: string, key: number | null}} FaultWord */

export {};

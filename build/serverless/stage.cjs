// @ts-check
/** A stage's name is part of bucket, queue and role names, and of the names of statements. */
const STAGE = /^[a-z][a-z0-9-]{0,19}$/;

/**
 * What is wrong with a stage's name; undefined where nothing is.
 *
 * @param {string} stage
 * @returns {string | undefined}
 */
module.exports.stageProblem = (stage) =>
  STAGE.test(stage)
    ? undefined
    : `stage "${stage}" is not valid: it must be a lower-case letter, then up to 19 lower-case letters, digits and hyphens`;

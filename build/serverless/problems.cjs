// @ts-check
/** What is wrong with a stage's parameters: collected, so that one look shows all of it, before anything is deployed. */

/** The lines that begin so belong to the message before them: build/template.js reads them out of what osls prints. */
const NEXT_LINE = '\n  ';

class Problems {
  /** @type {string[]} */
  #lines = [];

  /**
   * @param {string} what names the parameter, its value and where it was given
   * @param {string} remedy what to give instead
   */
  add(what, remedy) {
    this.#lines.push(`${what}: ${remedy}`);
  }

  get lines() {
    return [...this.#lines];
  }

  /** @throws Error with every problem, if there is one */
  throwIfAny() {
    if (this.#lines.length === 0) return;
    const error = new Error(this.#lines.join(NEXT_LINE));
    // osls prints the stack where there is one; here the message says all.
    error.stack = '';
    throw error;
  }
}

module.exports = { Problems };

// @ts-check
/** Rules that bring events to the arrivals queue, and the fitting of long lists into their patterns. */

/**
 * EventBridge's quota for a pattern is 2,048 characters; the stage's own names must fit beside the list.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
 */
const PATTERN_LIMIT = 1900;

/**
 * As few patterns as hold all of a list.
 *
 * @param {readonly string[]} list
 * @param {(part: string[]) => object} patternOf
 * @returns {object[]}
 */
function inPatterns(list, patternOf) {
  /** @type {string[][]} */
  const groups = [];
  for (const each of list) {
    const last = groups.at(-1);
    if (last !== undefined && JSON.stringify(patternOf([...last, each])).length <= PATTERN_LIMIT)
      last.push(each);
    else groups.push([each]);
  }
  return groups.map(patternOf);
}

/**
 * @param {string} name
 * @param {object} pattern
 */
function toQueue(name, pattern) {
  return {
    Type: 'AWS::Events::Rule',
    Properties: {
      Name: name,
      EventPattern: pattern,
      Targets: [
        {
          Id: 'arrivals',
          Arn: { 'Fn::GetAtt': ['Arrivals', 'Arn'] },
          RetryPolicy: { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 },
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] } },
        },
      ],
    },
  };
}

/**
 * Rules to the queue, told apart by a number from the second on.
 *
 * @param {string} logicalId
 * @param {string} name
 * @param {readonly object[]} patterns
 * @returns {Record<string, object>}
 */
function numbered(logicalId, name, patterns) {
  return Object.fromEntries(
    patterns.map((pattern, index) =>
      index === 0
        ? [logicalId, toQueue(name, pattern)]
        : [`${logicalId}${index + 1}`, toQueue(`${name}-${index + 1}`, pattern)],
    ),
  );
}

module.exports = { inPatterns, numbered, PATTERN_LIMIT, toQueue };

// @ts-check
/** ARNs that are given as parameters, and ARNs in the template. */

const KEY = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/;

/**
 * `arn:PARTITION:SERVICE:REGION:ACCOUNT:...`
 *
 * @param {string} arn
 */
function regionOfArn(arn) {
  return arn.split(':')[3] ?? '';
}

/** @param {string} text */
function isKeyArn(text) {
  return KEY.test(text);
}

/**
 * Of a resource in the template: the partition is CloudFormation's to fill in.
 *
 * @param {string} rest after `arn:PARTITION:`
 */
function arn(rest) {
  return { 'Fn::Sub': `arn:\${AWS::Partition}:${rest}` };
}

module.exports = { arn, isKeyArn, regionOfArn };

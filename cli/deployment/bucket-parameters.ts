/** The parameters by which a deployment has these two buckets. */

/** `buckets=` where it would create them under these names, else the name of each. */
export function bucketParameters(landing: string, artifacts: string): readonly string[] {
  const beginning = landing.replace(/-landing$/, '');
  const isPair = beginning !== landing && artifacts === `${beginning}-artifacts`;
  return isPair ? [`buckets=${beginning}`] : [`landingBucket=${landing}`, `artifactsBucket=${artifacts}`];
}

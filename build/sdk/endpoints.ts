/**
 * Where a service is, in place of the rule sets of the SDK (12 KB for two services): the same addresses and the same refusals in every
 * partition and Region, with FIPS and dual stack or without, and for an endpoint of one's own.
 */

export interface EndpointWish {
  readonly region: string;
  readonly useFips: boolean;
  readonly useDualStack: boolean;
  /** A URL that replaces the service's own. */
  readonly custom: string | undefined;
}

/** Regions, then what the names of hosts end with there: without dual stack, and with it. */
const PARTITIONS: readonly (readonly [RegExp, string, string])[] = [
  [/^cn-\w+-\d+$/, 'amazonaws.com.cn', 'api.amazonwebservices.com.cn'],
  [/^eusc-de-\w+-\d+$/, 'amazonaws.eu', 'api.amazonwebservices.eu'],
  [/^us-iso-\w+-\d+$/, 'c2s.ic.gov', 'api.aws.ic.gov'],
  [/^us-isob-\w+-\d+$/, 'sc2s.sgov.gov', 'api.aws.scloud'],
  [/^eu-isoe-\w+-\d+$/, 'cloud.adc-e.uk', 'api.cloud-aws.adc-e.uk'],
  [/^us-isof-\w+-\d+$/, 'csp.hci.ic.gov', 'api.aws.hci.ic.gov'],
  // And every Region that is new.
  [/^/, 'amazonaws.com', 'api.aws'],
];

/** Where the plain endpoints of AWS GovCloud (US) are the FIPS ones too, by service: without dual stack, and with it. */
const FIPS_IN_GOVERNMENT: Readonly<Record<string, readonly [RegExp, RegExp]>> = {
  dynamodb: [/^us-gov-/, /^$/],
  events: [/^us-gov-(?:east|west)-1$/, /^us-gov-/],
  sqs: [/^us-gov-/, /^$/],
};

/** `service`: the first label of its hosts. @throws Error for what cannot be together */
export function endpointOf(service: string, wish: EndpointWish): URL {
  const { region, useFips, useDualStack, custom } = wish;
  if (custom !== undefined) {
    if (useFips || useDualStack) {
      const what = useFips ? 'FIPS' : 'Dualstack';
      throw invalid(`Invalid Configuration: ${what} and custom endpoint are not supported`);
    }
    return new URL(custom);
  }
  const [, suffix, dualStackSuffix] = PARTITIONS.find(([regions]) => regions.test(region)) ?? ['', '', ''];
  const hasFipsAnyway = FIPS_IN_GOVERNMENT[service]?.[useDualStack ? 1 : 0].test(region) === true;
  const first = useFips && !hasFipsAnyway ? `${service}-fips` : service;
  if (service === 's3') {
    if (useFips && region.startsWith('cn-')) throw invalid('Partition does not support FIPS');
    // The only one that has its dual stack under the same suffix.
    return new URL(`https://${first}${useDualStack ? '.dualstack' : ''}.${region}.${suffix}`);
  }
  return new URL(`https://${first}.${region}.${useDualStack ? dualStackSuffix : suffix}`);
}

function invalid(message: string): Error {
  return Object.assign(new Error(message), { name: 'EndpointError' });
}

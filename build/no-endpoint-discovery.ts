/**
 * Stands in for `@aws-sdk/middleware-endpoint-discovery` in the function bundles. Endpoint discovery is off unless
 * asked for, which nothing here does, and its cache is 8 KB of every cold start.
 */
export const NODE_ENDPOINT_DISCOVERY_CONFIG_OPTIONS = {
  environmentVariableSelector: () => undefined,
  configFileSelector: () => undefined,
  default: false,
};

export function resolveEndpointDiscoveryConfig<Config>(config: Config): Config {
  return config;
}

/** The name and the version of this package. */
import manifest from '../package.json' with { type: 'json' };

export const { name: packageName, version } = manifest;

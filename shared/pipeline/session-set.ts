/** `session.set` as SQL text, so that whoever sends `SET <setting> TO <value>` needs to quote nothing. */
import { quoteLiteral, RenderError } from './render.ts';

const IDENTIFIER = /^(?:"(?:[^"\p{Cc}]|"")+"|[\p{L}_][\p{L}\p{N}_$]*|'\$user'|"\$user"|\$user)$/u;

/** The value as SQL, or what is wrong with it. */
export function settingAsSql(setting: string, value: string): { sql: string } | { wrong: string } {
  if (setting === 'search_path') {
    const schemas = value.split(',').map((schema) => schema.trim());
    const bad = schemas.find((schema) => !IDENTIFIER.test(schema));
    if (bad !== undefined) return { wrong: `${JSON.stringify(bad)} is no schema's name` };
    return { sql: schemas.map((schema) => (schema === '$user' ? `'$user'` : schema)).join(', ') };
  }
  if (/^-?\d+(?:\.\d+)?$/.test(value) || /^(?:true|false|on|off|default)$/i.test(value))
    return { sql: value };
  try {
    return { sql: quoteLiteral(value) };
  } catch (error) {
    if (!(error instanceof RenderError)) throw error;
    return { wrong: error.message };
  }
}

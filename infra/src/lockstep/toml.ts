// TOML inline tables, as much of them as a configuration needs. Must never let a value end its string: names come from
// a file that somebody edits.

export type TomlValue =
  string | number | boolean | undefined | readonly TomlValue[] | { readonly [key: string]: TomlValue };

/** The value on one line. Members that are undefined are left out. Strings may hold CDK tokens. */
export function inline(value: TomlValue): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value !== "object") return String(value);
  if (isList(value)) return `[${value.map(inline).join(", ")}]`;
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([key, member]) => `${/^[A-Za-z0-9_-]+$/.test(key) ? key : quoted(key)} = ${inline(member)}`);
  return `{ ${members.join(", ")} }`;
}

/** `Array.isArray` does not narrow a readonly list. */
function isList(value: TomlValue): value is readonly TomlValue[] {
  return Array.isArray(value);
}

/** A basic string (TOML 1.0): JSON's escapes are a subset of its own. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll("\u007f", "\\u007F");
}

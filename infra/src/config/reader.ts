// Takes typed values out of settings and collects everything that is wrong, so that one run names all of it. Must
// never fill in a value that the file should have said.

import { SettingsError, type Settings } from "./env-file";

/** What a value must look like, and how that is said to a person. */
export interface Form {
  readonly pattern: RegExp;
  readonly expected: string;
}

/** Reads values by name; `finish` throws if anything was wrong. */
export class SettingsReader {
  private readonly findings: string[] = [];
  private readonly asked = new Set<string>();

  constructor(
    private readonly settings: Settings,
    private readonly place: string,
  ) {}

  /** A value that must be there. After a finding the answer is a stand-in; `finish` keeps it from being used. */
  required(name: string, form: Form): string {
    const value = this.optional(name, form);
    if (value === undefined && !this.settings[name]) {
      this.findings.push(`${name} is missing: expected ${form.expected}`);
    }
    return value ?? "";
  }

  /** A value that may be empty or absent. */
  optional(name: string, form: Form): string | undefined {
    this.asked.add(name);
    const value = this.settings[name]?.trim();
    if (!value) return undefined;
    if (form.pattern.test(value)) return value;
    this.findings.push(`${name} is ${JSON.stringify(value)}: expected ${form.expected}`);
    return undefined;
  }

  /** A whole number from `least` to `most`. */
  number(name: string, least: number, most: number): number {
    const expected = `a whole number from ${least} to ${most}`;
    const text = this.required(name, { pattern: /^[0-9]{1,9}$/, expected });
    const value = Number(text);
    if (text !== "" && (value < least || value > most)) {
      this.findings.push(`${name} is ${text}: expected ${expected}`);
    }
    return value;
  }

  /** `yes` or `no`. */
  yes(name: string): boolean {
    return this.required(name, { pattern: /^(yes|no)$/, expected: "yes or no" }) === "yes";
  }

  /** `yes`, `no`, or nothing: then the worker's own default holds. */
  perhaps(name: string): boolean | undefined {
    const value = this.optional(name, { pattern: /^(yes|no)$/, expected: "yes, no or nothing" });
    return value === undefined ? undefined : value === "yes";
  }

  /** A whole number from `least` to `most`, or nothing. */
  optionalNumber(name: string, least: number, most: number): number | undefined {
    return this.settings[name]?.trim() ? this.number(name, least, most) : void this.asked.add(name);
  }

  /** What `parse` makes of the text, which may be empty or absent; what it finds wrong is named. */
  parsed<T>(
    name: string,
    expected: string,
    parse: (text: string) => { values: T[]; findings: string[] },
  ): readonly T[] {
    this.asked.add(name);
    const { values, findings } = parse(this.settings[name] ?? "");
    this.findings.push(...findings.map((finding) => `${name}: ${finding}; expected ${expected}`));
    return values;
  }

  /** A comma-separated list of at least `least` different values. */
  list(name: string, least: number, form: Form): string[] {
    const one = form.pattern.source.replace(/^\^|\$$/g, "");
    const expected = `${least} or more, comma-separated, each ${form.expected}`;
    const text = this.required(name, { pattern: new RegExp(`^(${one})(\\s*,\\s*(${one}))*$`), expected });
    const values = text.split(",").map((value) => value.trim());
    if (text !== "" && new Set(values).size < Math.max(least, values.length)) {
      this.findings.push(`${name} is ${JSON.stringify(text)}: expected ${expected}, no two the same`);
    }
    return values;
  }

  /** Something that holds between values. */
  require(holds: boolean, finding: string): void {
    // A value that is wrong by itself has been named already.
    if (!holds && this.findings.length === 0) this.findings.push(finding);
  }

  /** @throws SettingsError with every finding, unknown names included. */
  finish(): void {
    const unknown = Object.keys(this.settings).filter((name) => !this.asked.has(name));
    const findings = [
      ...this.findings,
      ...unknown.map((name) => `${name} is not a setting: remove it or mend its spelling`),
    ];
    if (findings.length > 0) throw new SettingsError(this.place, findings);
  }
}

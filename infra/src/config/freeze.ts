// Freeze windows as one line of a settings file says them, and as the worker's configuration wants them
// (worker/src/config/freeze.rs). Must never let a window through that the worker would refuse to start with.

/** One window: with `days` every week, in `zone`; without, from one moment to another. */
export type FreezeWindow = Readonly<{
  days?: readonly string[];
  from: string;
  until: string;
  zone?: string;
  reason: string;
}>;

export const EXPECTED =
  "windows separated by `;`, each `DAYS HH:MM to HH:MM ZONE: reason` or `TIMESTAMP to TIMESTAMP: reason`, such as " +
  "`friday,saturday 16:00 to 08:00 Europe/Berlin: weekend; 2026-12-23T16:00:00Z to 2027-01-04T06:00:00Z: holidays`";

const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const TIME = /^([01][0-9]|2[0-3]):[0-5][0-9]$/;
/** With its offset: a time without one means nothing. */
const MOMENT = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})$/;
/** The reason goes into refusals, so it is one plain line. The worker takes 500 characters. */
const REASON = /^[\x20-\x7e]{1,200}$/;

/** The windows of a setting, and what is wrong with it. */
export function freezeWindows(text: string): { values: FreezeWindow[]; findings: string[] } {
  const windows: FreezeWindow[] = [];
  const findings: string[] = [];
  for (const written of text.split(";").map((part) => part.trim())) {
    if (written === "") continue;
    const window = parse(written);
    if (typeof window === "string") findings.push(`${JSON.stringify(written)}: ${window}`);
    else windows.push(window);
  }
  return { values: windows, findings };
}

/** The window, or why it is none. */
function parse(written: string): FreezeWindow | string {
  const cut = written.indexOf(": ");
  if (cut < 0) return "it has no `: reason`";
  const reason = written.slice(cut + 2).trim();
  if (!REASON.test(reason)) return "its reason is not one line of at most 200 plain characters";
  const words = written.slice(0, cut).trim().split(/\s+/);
  if (words.length === 3 && words[1] === "to") return once(words[0] ?? "", words[2] ?? "", reason);
  if (words.length === 5 && words[2] === "to") return weekly(words, reason);
  return "it is neither `DAYS HH:MM to HH:MM ZONE` nor `TIMESTAMP to TIMESTAMP`";
}

function once(from: string, until: string, reason: string): FreezeWindow | string {
  for (const moment of [from, until]) {
    if (!MOMENT.test(moment) || !isMoment(moment)) {
      return `${moment} is no timestamp with its offset, such as 2026-12-23T16:00:00Z`;
    }
  }
  if (Date.parse(from) >= Date.parse(until)) return `${until} must be later than ${from}`;
  return { from, until, reason };
}

/** JavaScript takes a 31st of February for a day in March; the worker does not. */
function isMoment(text: string): boolean {
  const [date = "", rest = ""] = text.split("T");
  const midnight = Date.parse(`${date}T00:00:00Z`);
  return (
    !Number.isNaN(Date.parse(text)) &&
    !Number.isNaN(midnight) &&
    new Date(midnight).toISOString().startsWith(date) &&
    !rest.startsWith("24")
  );
}

function weekly(words: readonly string[], reason: string): FreezeWindow | string {
  const [list = "", from = "", , until = "", zone = ""] = words;
  const days = list.split(",");
  const unknown = days.find((day) => !DAYS.includes(day));
  if (unknown !== undefined || new Set(days).size < days.length) {
    return `${JSON.stringify(list)} are not different days of ${DAYS.join(", ")}, with commas and no spaces`;
  }
  const wrong = [from, until].find((time) => !TIME.test(time));
  if (wrong !== undefined) return `${wrong} is no time of day such as 16:00`;
  if (!isZone(zone)) return `${zone} is no time zone's IANA name, such as Europe/Berlin or UTC`;
  return { days, from, until, zone, reason };
}

function isZone(name: string): boolean {
  // An offset is one for JavaScript, and none for the worker.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

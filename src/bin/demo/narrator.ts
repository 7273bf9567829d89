/** Tells what happens as it happens, and keeps the times for the table at the end. */
export interface Narrator {
  readonly chapter: (title: string) => void;
  /** Does one thing, shows that it is under way, and says what the server answered and how long it took. */
  readonly act: <T>(who: string, what: string, work: () => Promise<T>, said?: (value: T) => string) => Promise<T>;
  /** A line that belongs to the act before it: something the server said. */
  readonly quote: (text: string) => void;
  readonly table: () => string;
}

const FRAMES = ["·  ", "·· ", "···", " ··", "  ·", "   "];
const FRAME_MS = 200;

export function makeNarrator(out: NodeJS.WriteStream): Narrator {
  const times: { readonly chapter: string; readonly who: string; readonly what: string; readonly ms: number }[] = [];
  let chapter = "";
  const isLive = out.isTTY === true;

  async function act<T>(who: string, what: string, work: () => Promise<T>, said?: (value: T) => string): Promise<T> {
    const startedAt = performance.now();
    let frame = 0;
    const line = () => `  ${who.padEnd(8)} ${what}`;
    const timer = isLive
      ? setInterval(() => {
          frame += 1;
          out.write(`\r\u001b[2K${line()} ${FRAMES[frame % FRAMES.length] ?? ""}`);
        }, FRAME_MS)
      : null;
    try {
      const value = await work();
      const ms = performance.now() - startedAt;
      times.push({ chapter, who, what, ms });
      if (isLive) out.write("\r\u001b[2K");
      out.write(`${line()} (${inWords(ms)})\n`);
      const words = said?.(value);
      if (words) quote(words);
      return value;
    } catch (error) {
      if (isLive) out.write("\r\u001b[2K");
      out.write(`${line()} – went wrong\n`);
      throw error;
    } finally {
      if (timer) clearInterval(timer);
    }
  }

  const quote = (text: string): void => {
    for (const part of wrap(text, 92)) out.write(`           │ ${part}\n`);
  };

  return {
    chapter: (title) => {
      chapter = title;
      out.write(`\n${title}\n`);
    },
    act,
    quote,
    table: () => {
      const rows = times.map(
        ({ who, what, ms }) => `  ${who.padEnd(8)} ${what.slice(0, 66).padEnd(66)} ${inWords(ms).padStart(9)}`,
      );
      return rows.join("\n");
    },
  };
}

const inWords = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.replace(/\s+/g, " ").trim().split(" ")) {
    if (line && line.length + word.length + 1 > width) {
      lines.push(line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  return line ? [...lines, line] : lines;
}

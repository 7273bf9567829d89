import { main } from "../cli/main.ts";
import { endWith, processContext } from "./process.ts";

// The same as `locksmith worker`.
endWith(await main(["worker", ...process.argv.slice(2)], processContext));

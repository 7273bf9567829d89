import { main } from "../cli/main.ts";
import { endWith, processContext } from "./process.ts";

// `npm start`: the same as `locksmith serve`.
endWith(await main(["serve", ...process.argv.slice(2)], processContext));

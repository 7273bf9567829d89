export { describeBrowser } from "../kernel/user-agent.ts";

export * from "../../src/bin/demo/distributions.ts";

import assert from "node:assert/strict";
import { createServer } from "node:net";
import { describe, test } from "node:test";
import Fastify from "fastify";
import { asFailure } from "./failure.ts";
import { chooseEndpoint, listen } from "./listen.ts";

describe("listening", () => {
  test("stopping lets a running request finish, and takes no new one", async () => {
    let arrived: () => void = () => undefined;
    let finish: () => void = () => undefined;
    const hasArrived = new Promise<void>((resolve) => (arrived = resolve));
    const mayFinish = new Promise<void>((resolve) => (finish = resolve));
    const edge = Fastify({ forceCloseConnections: true });
    edge.get("/slow", async () => {
      arrived();
      await mayFinish;
      return "whole";
    });
    const endpoint = await chooseEndpoint("127.0.0.1", 0);
    const listener = await listen(edge, endpoint);
    const url = `http://127.0.0.1:${endpoint.port}/slow`;
    const answer = fetch(url).then((response) => response.text());
    await hasArrived;
    const stopped = listener.stop(10_000);
    await assert.rejects(fetch(url));
    finish();
    assert.equal(await answer, "whole");
    await stopped;
  });

  test("a request that does not end is cut off after the time given", async () => {
    let arrived: () => void = () => undefined;
    const hasArrived = new Promise<void>((resolve) => (arrived = resolve));
    const edge = Fastify({ forceCloseConnections: true });
    edge.get("/never", () => {
      arrived();
      return new Promise(() => undefined);
    });
    const endpoint = await chooseEndpoint("127.0.0.1", 0);
    const listener = await listen(edge, endpoint);
    const cutOff = assert.rejects(fetch(`http://127.0.0.1:${endpoint.port}/never`));
    await hasArrived;
    await listener.stop(50);
    await cutOff;
  });

  test("a port in use is found out before anything else is started, in a sentence", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as { port: number }; // a TCP server's address is this object
    await assert.rejects(chooseEndpoint("127.0.0.1", port), (error) => {
      assert.match(asFailure(error)?.message ?? "", new RegExp(`^Port ${port} of 127\\.0\\.0\\.1 is in use`));
      return true;
    });
    await new Promise((resolve) => other.close(resolve));
  });
});

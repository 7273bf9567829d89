import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { EXIT, Failure } from "./failure.ts";

export interface Endpoint {
  /** A number, also where HOST is a name. */
  readonly address: string;
  readonly port: number;
}

/**
 * Whether the port can be had, found out before anything else is started; for port 0, which one is free.
 * Throws what `listen` throws.
 */
export async function chooseEndpoint(host: string, port: number): Promise<Endpoint> {
  const trial = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      trial.once("error", reject);
      trial.listen({ host, port, exclusive: true }, resolve);
    });
    const address = trial.address();
    if (address === null || typeof address === "string") throw new Error("A listening server has no port.");
    return { address: address.address, port: address.port };
  } catch (error) {
    if ((error as { syscall?: unknown }).syscall !== "getaddrinfo") throw error; // Node's system error
    throw new Failure(
      EXIT.unavailable,
      `HOST=${host} is not a name this machine knows. Use 127.0.0.1, or an address it has.`,
    );
  } finally {
    if (trial.listening) await new Promise((resolve) => trial.close(resolve));
  }
}

export interface Listener {
  /** Takes no more connections, lets running requests finish within the time, then ends what is left. */
  stop(milliseconds: number): Promise<void>;
}

/** Starts to serve. Throws what `listen` throws. */
export async function listen(edge: FastifyInstance, { address, port }: Endpoint): Promise<Listener> {
  let running = 0;
  edge.server.on("request", (_request, response) => {
    running += 1;
    response.once("close", () => {
      running -= 1;
    });
  });
  await edge.listen({ host: address, port });
  return {
    stop: async (milliseconds) => {
      const deadline = performance.now() + milliseconds;
      const closed = new Promise<void>((resolve) => edge.server.close(() => resolve()));
      while (running > 0 && performance.now() < deadline) await delay(20);
      edge.server.closeAllConnections();
      await closed;
      await edge.close();
    },
  };
}

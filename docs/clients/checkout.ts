// A checkout in TypeScript: hold, pay, then fulfil or release. Only what Node has.
// Usage: STOCK_URL=… STOCK_KEY=… node --experimental-strip-types checkout.ts ORDER PRODUCT QUANTITY

declare const process: any;

type Problem = { status: number; code: string; detail: string };
type Reservation = { reservation_id: string; status: string; expires_at: string };

const reservations = `${process.env.STOCK_URL}/api/v1/store/reservations`;
const timeout = Number(process.env.TIMEOUT ?? "5") * 1000;
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The engine said no. `problem` says why. */
class Refused extends Error {
  problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/**
 * Asks until there is an answer that settles it. The key stays the same, so the engine does it once
 * however often it is asked: after a time-out, a lost connection, a 503, a 429, or while the first is
 * running.
 */
async function change(key: string, url: string, body: unknown): Promise<Reservation> {
  for (let attempt = 0; attempt < 6; attempt++) {
    let wait = Math.min(2 ** attempt * 250, 5000);
    const aborter = new AbortController();
    const timer = setTimeout(() => aborter.abort(), timeout);
    try {
      const response = await fetch(url, {
        method: "POST",
        signal: aborter.signal,
        headers: {
          Authorization: `Bearer ${process.env.STOCK_KEY}`,
          "Content-Type": "application/json",
          "Idempotency-Key": key,
        },
        body: JSON.stringify(body),
      });
      const answer = await response.json();
      if (response.ok) return answer as Reservation;
      const problem = answer as Problem;
      if (![408, 429, 503].includes(response.status) && problem.code !== "idempotency_running") {
        throw new Refused(problem);
      }
      wait = Number(response.headers.get("Retry-After") ?? wait / 1000) * 1000;
    } catch (error) {
      // Lost, or too late: it may have been done, so it is asked again with the same key.
      if (error instanceof Refused) throw error;
    } finally {
      clearTimeout(timer);
    }
    await sleep(wait);
  }
  throw new Error(`no answer to ${key}`);
}

async function checkout(order: string, product: number, quantity: number, pay: () => boolean) {
  const held = await change(`${order}:hold`, reservations, {
    order_id: order,
    ttl_seconds: 900,
    lines: [{ product_id: product, quantity }],
  });
  console.log("held", held.reservation_id);
  const step = pay() ? "fulfill" : "release";
  return change(`${order}:${step}`, `${reservations}/${held.reservation_id}/${step}`, {});
}

const [order, product, quantity] = process.argv.slice(2);
checkout(order, Number(product), Number(quantity), () => (process.env.PAYMENT ?? "ok") === "ok").then(
  (done) => console.log(done.status),
  (error) => {
    console.error(error instanceof Refused ? `refused: ${error.problem.code}` : String(error));
    process.exit(1);
  },
);

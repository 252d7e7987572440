// One run of graphile-worker: migrate | work MODE | latency MODE COUNT. MODE: plain, or local (its performance page's batching).
// It ends when standard input does.
import { Logger, run, runMigrations } from "graphile-worker";
import { setTimeout as sleep } from "node:timers/promises";

const [what, mode, count] = process.argv.slice(2);
process.stdin.on("end", () => process.exit(0)).resume();

const preset = {
  worker: {
    connectionString: process.env.DATABASE_URL,
    concurrentJobs: 24,
    maxPoolSize: 25,
    ...(mode === "local" ? { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } : {}),
  },
};
const logger = new Logger(() => (level, message) => (level === "error" || level === "warning" ? console.error(message) : undefined));

if (what === "migrate") {
  await runMigrations({ preset, logger });
  console.log("ready");
} else if (what === "work") {
  await run({ preset, logger, taskList: { noop: async () => {} } });
  await sleep(500);
  console.log("ready");
} else {
  let entered;
  const runner = await run({ preset, logger, taskList: { probe: async () => entered() } });
  await sleep(500);
  const samples = [];
  for (let sample = -20; sample < Number(count); sample++) {
    await sleep(25);
    const running = new Promise((resolve) => (entered = () => resolve(performance.now())));
    const start = performance.now();
    await runner.addJob("probe", {});
    const end = await running;
    if (sample >= 0) samples.push((end - start).toFixed(3));
  }
  console.log("samples " + samples.join(" "));
}

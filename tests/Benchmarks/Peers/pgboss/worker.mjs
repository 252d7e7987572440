// One run of pg-boss: fill COUNT | work BATCH | latency COUNT. "work" starts when standard input says "go"; all end when standard input does.
import { PgBoss } from "pg-boss";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

const [what, count] = process.argv.slice(2);
process.stdin.on("end", () => process.exit(0));

const boss = new PgBoss({ connectionString: process.env.DATABASE_URL, useListenNotify: true });
boss.on("error", console.error);
await boss.start();

if (what === "fill") {
  await boss.createQueue("noop");
  for (let done = 0; done < Number(count); done += 1000) {
    await boss.insert("noop", Array.from({ length: Math.min(1000, Number(count) - done) }, () => ({ data: {} })));
  }
  console.log("ready");
  process.stdin.resume();
} else if (what === "work") {
  console.log("ready");
  await once(process.stdin, "data");
  await boss.work("noop", { batchSize: Number(count), burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 }, async () => {});
} else {
  process.stdin.resume();
  await boss.createQueue("probe", { notify: true });
  let entered;
  await boss.work("probe", { pollingIntervalSeconds: 0.5 }, async () => entered());
  await sleep(500);
  const samples = [];
  for (let sample = -20; sample < Number(count); sample++) {
    await sleep(25);
    const running = new Promise((resolve) => (entered = () => resolve(performance.now())));
    const start = performance.now();
    await boss.send("probe", {});
    const end = await running;
    if (sample >= 0) samples.push((end - start).toFixed(3));
  }
  console.log("samples " + samples.join(" "));
}

/**
 * For `node --import`: the wall clock of the process steps, by the first of WALL_CLOCK_STEPS (ms) at once, by the next ones at
 * each SIGUSR2. Monotonic time goes on, as it does when somebody sets the clock of a machine. It says `clock set`.
 */
const steps = (process.env['WALL_CLOCK_STEPS'] ?? '0').split(',').map(Number);
const realNow = Date.now;
let offset = steps.shift()!;

Date.now = () => realNow() + offset;

process.on('SIGUSR2', () => {
  offset += steps.shift() ?? 0;
  console.error(`clock set to ${new Date(Date.now()).toISOString()}`);
});

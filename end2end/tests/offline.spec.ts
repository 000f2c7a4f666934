// The connection goes, the console hangs, the console is killed: the screen says so, keeps what it knows, and comes back by itself.

import { Cable } from '../support/cable';
import { changeAlgorithm, intent } from '../support/policy';
import { card, freshness, live, open } from '../support/screen';
import { expect, test } from '../support/test';

// What a browser says about connections that were cut.
const CUT = /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET|ERR_CONNECTION_CLOSED|ERR_EMPTY_RESPONSE|ERR_SOCKET_NOT_CONNECTED|Failed to fetch/;

test('with the cable out the data grows stale, says its age, and is live again afterwards', async ({ page, evenkeel, watch }) => {
  watch.expect(CUT);
  const cable = await Cable.to(evenkeel.consolePort);
  try {
    await open(page, `${cable.url}/`);
    const inAll = card(page, 'Requests').locator('.card-note');
    cable.pull();
    await expect(freshness(page)).toHaveAttribute('data-status', 'stale');
    await expect(freshness(page)).toHaveText(/^stale \d+ s$/);
    // What was known stays on screen.
    const kept = await inAll.innerText();
    expect(kept).toMatch(/^[1-9]/);

    cable.plug();
    await live(page);
    await expect(inAll).not.toHaveText(kept);
  } finally {
    await cable.remove();
  }
});

test('a console that hangs turns stale on screen, and what it missed is filled in', async ({ own }) => {
  const { evenkeel, context } = await own();
  const page = await context.newPage();
  await open(page, '/');
  evenkeel.freeze();
  try {
    await expect(freshness(page)).toHaveAttribute('data-status', 'stale');
    await expect(freshness(page)).toHaveText(/^stale [5-9] s$/);
  } finally {
    evenkeel.thaw();
  }
  await live(page);
});

test('a killed console comes back with every acknowledged change, and the page with it', async ({ own, watch }) => {
  watch.expect(CUT);
  const { evenkeel, context } = await own();
  const page = await context.newPage();
  await open(page, '/pools/samples');
  await changeAlgorithm(context.request, 'samples', 'least_connections');
  const before = await intent(context.request, 'samples');

  await evenkeel.kill();
  await expect(freshness(page)).toHaveAttribute('data-status', 'stale');
  await evenkeel.startAgain();

  // The session is in the database: nobody has to sign in again.
  await live(page);
  expect(await intent(context.request, 'samples')).toEqual(before);
  await expect(page.locator('.facts')).toContainText('Least connections');
});

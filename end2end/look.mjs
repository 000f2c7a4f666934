import { chromium } from '@playwright/test';
import { readFileSync, existsSync } from 'node:fs';
const base='http://127.0.0.1:4310';
const browser=await chromium.launch({executablePath: process.env.CHROME});
const state='/tmp/look/state.json';
const context=await browser.newContext({viewport:{width:+(process.env.W||1440),height:+(process.env.H||1000)}, storageState: existsSync(state)?state:undefined, colorScheme: process.env.SCHEME||'dark'});
const page=await context.newPage();
page.on('console',m=>{ if(['error','warning'].includes(m.type())) console.log('console',m.type(),m.text().slice(0,300)); });
page.on('pageerror',e=>console.log('pageerror',e.message.slice(0,300)));
if(!existsSync(state)){
  const link=/http:\/\/\S+\/setup\?token=[\w-]+/.exec(readFileSync('/tmp/look/log','utf8'))[0];
  await page.goto(link);
  await page.getByLabel(/name/i).first().fill('ada');
  for (const p of await page.locator('input[type=password]').all()) await p.fill('correct horse battery');
  await page.locator('button[type=submit]').last().click();
  await page.waitForURL(base+'/');
  await context.storageState({path:state});
}
for (const spec of process.argv.slice(2)) {
  const [path,name,full]=spec.split('|');
  await page.goto(base+path); await page.waitForTimeout(2500);
  await page.screenshot({path:`/tmp/look/${name}.png`, fullPage: full==='full'});
  const over=await page.evaluate(()=>document.documentElement.scrollWidth-document.documentElement.clientWidth);
  console.log(name, 'overflow', over);
}
await browser.close();

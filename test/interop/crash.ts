// Opens a lab, starts a program in it, says where, and dies without a word; lab.test.ts looks for the remains.
import { Home } from '../lab/home.ts';

const home = await Home.build();
const { pid } = home.lab.start(home.lan, 'sleeper', ['sleep', '300']);
process.stdout.write(`${home.lab.dir} ${home.phone.name} ${pid}\n`, () => {
  process.kill(process.pid, 'SIGKILL');
});

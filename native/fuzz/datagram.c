/*
 * What comes from sockets: datagrams on each kind of them, alone or many in one, cut off or not,
 * with IKE, keepalives, ESP that is genuine or not, from places that change. Each is counted once,
 * whatever it is, and nothing goes to the TUN device but what is genuine.
 *
 *   input   datagrams: kind of socket and of cutting | from where | parts, each bytes or sealed
 */
#include "fuzz.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../src/cpu.h"
#include "../src/inbound.h"
#include "../test/packets.h"

#define SPI 0x10001u

static struct esp_engine *engine;
static struct worker *worker;
static struct esp_keys sender;
static int theirs;
/* Packets sealed and left as they were. */
static uint64_t genuine;

static void must_be_made(bool made)
{
	if (!made)
		exit(1);
}

/* An engine without threads, whose device is a hole. */
static void make_engine(void)
{
	engine = aligned_alloc(64, (sizeof(*engine) + 63) / 64 * 64);
	worker = aligned_alloc(64, (sizeof(*worker) + 63) / 64 * 64);
	must_be_made(engine && worker);
	memset(engine, 0, sizeof(*engine));
	memset(worker, 0, sizeof(*worker));
	epoch_start(&engine->epoch);
	must_be_made(mailbox_open(&engine->mailbox, &theirs) == ESP_OK);
	engine->tun = (struct tun){.count = 1, .vnet = true, .tcp = true, .udp = true};
	engine->tun.queues[0] = open("/dev/null", O_WRONLY | O_CLOEXEC);
	worker->engine = engine;
	worker->batch = inbound_batch(worker);
	must_be_made(worker->batch && engine->tun.queues[0] >= 0);
}

static struct sa *install(bool esn)
{
	struct esp_child child = child_of(1, SPI, 0x20001);
	const struct esp_selector selectors[2] = {range_of(4, "0.0.0.0", "255.255.255.255"),
		range_of(4, "10.0.0.0", "10.255.255.255")};
	struct sa *sa;

	child.esn = esn;
	EXPECT(sa_create(&child, selectors, cpu_features(), 0, &sa) == ESP_OK);
	EXPECT(esp_keys_init(&sender, sa->in.aead, esn, &child.inbound));
	sa_publish(&engine->table, sa);
	spd_publish(&engine->spd, sa);
	path_prepare(atomic_load(&sa->path), &child.path,
		&(struct outer_socket){.fd = -1, .kind = OUTER_NATT});
	return sa;
}

/* What became of datagrams, without what is told besides of those that came through. */
static uint64_t counted(void)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < ESP_COUNTER_COUNT; i++)
		if (i != ESP_COUNT_MSS_CLAMPED && i != ESP_COUNT_TFC_PADDED)
			sum += counter_read(&worker->counters, i);
	return sum;
}

/* A part of a datagram: an inner packet of the input's, sealed; or what the input says. */
static size_t put_part(struct input *in, uint8_t *out)
{
	const uint8_t how = take_byte(in), number = take_byte(in);
	size_t bytes = take_byte(in) * (how & 4 ? 4u : 1u);
	uint8_t *const taken = take_copy(in, &bytes);
	struct packet packet = {out + 64, (uint32_t)bytes, 64, 2000};

	memcpy(out + 64, taken, bytes);
	free(taken);
	if (how & 2) {
		bytes = bytes < 28 ? 28 : bytes;
		udp4(out + 64, how & 8 ? "10.1.2.3" : "11.1.2.3", "10.0.0.1", bytes);
		packet.bytes = (uint32_t)bytes;
	}
	if (!(how & 1) && packet_seal(&sender, 1 + number, &packet)) {
		memmove(out, packet.data, packet.bytes);
		if (how & 16)
			out[take_byte(in) % packet.bytes] ^= 1;
		genuine += !(how & 16);
		return packet.bytes;
	}
	memmove(out, out + 64, bytes);
	return bytes;
}

/* An address and port of a few. */
static struct esp_address place(uint8_t family, uint8_t which)
{
	struct esp_address address = {.family = family, .port = which & 1 ? 4500 : which};

	address.ip[0] = 127;
	address.ip[3] = which >> 6;
	return address;
}

static void take_datagram(struct input *in)
{
	static uint64_t now_ms = 1000;
	static uint8_t bytes[65536];
	const uint8_t how = take_byte(in), from = take_byte(in);
	const uint8_t family = how & 4 ? 6 : 4;
	const enum outer_kind kind = (enum outer_kind)(how % 4 % 3);
	size_t count = kind == OUTER_RAW && family == 4 ? 20 : 0, parts = 0, total, pieces;

	memset(bytes, 0x45, 20);
	do
		count += put_part(in, bytes + count);
	while (take_byte(in) & 1 && ++parts < 20);
	struct datagram datagram = {.packet = {.data = malloc(count ? count : 1)}};

	total = count;
	memcpy(datagram.packet.data, bytes, count);
	uint8_t *const block = datagram.packet.data;

	datagram.packet.bytes = (uint32_t)count;
	datagram.path.local = place(family, 1);
	datagram.path.remote = place(family, from);
	datagram.tos = how;
	datagram.truncated = how & 8;
	datagram.encap = kind == OUTER_RAW ? ESP_ENCAP_RAW : ESP_ENCAP_UDP;
	datagram.cut_bytes = how & 16 ? 1 + (uint32_t)take_number(in, 2) % 2000 : (uint32_t)count;
	pieces = datagram.cut_bytes ? (total + datagram.cut_bytes - 1) / datagram.cut_bytes : 1;
	const uint64_t before = counted();

	/* Many at once are a crowd at the door. */
	now_ms += how >> 3;
	inbound_take(worker, kind, &datagram, now_ms);
	join_flush(&((struct inbound_batch *)worker->batch)->joiner);
	EXPECT(counted() - before == (pieces ? pieces : 1));
	free(block);
}

static void empty_mailbox(void)
{
	static uint8_t out[65536];

	do
		mailbox_flush(&engine->mailbox);
	while (recv(theirs, out, sizeof(out), MSG_DONTWAIT) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input in = {data, bytes > 4000 ? 4000 : bytes};

	if (!engine)
		make_engine();
	struct sa *const sa = install(take_byte(&in) & 1);

	genuine = 0;
	while (in.left > 0)
		take_datagram(&in);
	EXPECT(atomic_load(&sa->rx_packets) <= genuine);
	empty_mailbox();
	spd_unlink(&engine->spd, sa);
	sa_unlink(&engine->table, sa);
	sa_destroy(sa);
	return 0;
}

/* What a guest tries who has valid keys, and means ill: he seals what he likes, and sends it from
 * where he likes. */
#include "engines.h"

#include "../src/inbound.h"

/* The guest's own half: what opens at the left. */
static struct esp_keys keys;
static uint64_t sequence;

static void take_keys(void)
{
	const struct esp_child child = half(&left, &right, 1);
	const struct sa *sa = sa_by_ref(&left.engine->table, 1);

	sequence = 0;
	CHECK(esp_keys_init(&keys, sa->in.aead, false, &child.inbound));
}

/* Seals an inner packet, and sends it from this port of his. */
static void send_from(uint16_t port, const uint8_t *inner, uint32_t bytes, uint64_t now_ms)
{
	static uint8_t room[2048];
	struct worker *const worker = left.engine->workers[0];
	struct datagram datagram = {.packet = {room + 64, bytes, 64, 512}, .encap = ESP_ENCAP_UDP};

	memcpy(datagram.packet.data, inner, bytes);
	CHECK(packet_seal(&keys, ++sequence, &datagram.packet));
	datagram.cut_bytes = datagram.packet.bytes;
	datagram.path.local = address_of(4, "127.0.0.1", left.opened.natt_port);
	datagram.path.remote = address_of(4, "127.0.0.1", port);
	inbound_take(worker, OUTER_NATT, &datagram, now_ms);
	join_flush(&((struct inbound_batch *)worker->batch)->joiner);
}

static uint32_t frames_told(void)
{
	uint8_t frame[64];
	uint32_t count = 0;

	while (recv(left.opened.mailbox, frame, 4 + 19, MSG_DONTWAIT) == 4 + 19) {
		CHECK_EQUAL(frame[4], ESP_FRAME_MOVED);
		count++;
	}
	return count;
}

/*
 * Two addresses in turns were a new one each time, and each was told to JavaScript, which moved all
 * children of the guest for it: one frame a packet, tens of thousands a second, which filled the
 * mailbox up to its last byte while others waited with their handshakes. Once in a second is told.
 */
static void who_jumps_between_addresses_is_told_now_and_then(void)
{
	uint8_t p[100];

	open_both();
	connect_both(1);
	take_keys();
	udp4(p, "10.2.0.1", "10.1.0.1", sizeof(p));
	for (uint32_t i = 0; i < 1000; i++)
		send_from(i % 2 ? 5000 : 5001, p, sizeof(p), 10000);
	CHECK_EQUAL(frames_told(), 1);
	/* Back and forth between the old place and a new one. */
	for (uint32_t i = 0; i < 1000; i++)
		send_from(i % 2 ? 5000 : right.opened.natt_port, p, sizeof(p), 10999);
	CHECK_EQUAL(frames_told(), 0);
	/* Where he stays in the end is told all the same. */
	send_from(5002, p, sizeof(p), 11000);
	CHECK_EQUAL(frames_told(), 1);
	close_both();
}

/* What became of one of his packets is counted once. */
static void expect(enum esp_counter verdict, const uint8_t *inner, uint32_t bytes)
{
	const struct counters *counters = &left.engine->workers[0]->counters;
	const uint64_t before = counter_read(counters, verdict);

	send_from(right.opened.natt_port, inner, bytes, 0);
	CHECK_EQUAL(counter_read(counters, verdict), before + 1);
}

/* He may ask the name server, in either family, and nobody else. */
static void log_in_for_names(void)
{
	struct esp_child child;
	struct esp_selector selectors[4] = {
		range_of(4, "10.1.0.1", "10.1.0.1"),
		range_of(6, "fd01::1", "fd01::1"),
		range_of(4, "10.2.0.1", "10.2.0.1"),
		range_of(6, "fd02::1", "fd02::1"),
	};

	open_both();
	child = half(&left, &right, 1);
	child.local_count = child.remote_count = 2;
	for (uint32_t i = 0; i < 4; i++)
		selectors[i].protocol = 17;
	for (uint32_t i = 0; i < 2; i++)
		selectors[i].port_start = selectors[i].port_end = 2000;
	CHECK_EQUAL(esp_install(left.engine, &child, selectors), ESP_OK);
	take_keys();
}

static void ipv4_leads_nowhere_else(void)
{
	uint8_t p[200];

	log_in_for_names();
	udp4(p, "10.2.0.1", "10.1.0.1", 100);
	expect(ESP_COUNT_RX_PACKETS, p, 100);
	udp4(p, "10.2.0.2", "10.1.0.1", 100);
	expect(ESP_COUNT_INBOUND_POLICY, p, 100);
	udp4(p, "10.2.0.1", "10.1.0.2", 100);
	expect(ESP_COUNT_INBOUND_POLICY, p, 100);
	udp4(p, "10.2.0.1", "10.1.0.1", 100);
	p[23]++; /* another port */
	expect(ESP_COUNT_INBOUND_POLICY, p, 100);
	udp4(p, "10.2.0.1", "10.1.0.1", 100);
	p[9] = 6;
	expect(ESP_COUNT_INBOUND_POLICY, p, 100);
	/* Ports behind options, which a reader of fixed places would take elsewhere. */
	udp4(p, "10.2.0.1", "10.1.0.1", 100);
	p[0] = 0x46;
	memmove(p + 24, p + 20, 8);
	put16(p + 26, 2001);
	expect(ESP_COUNT_INBOUND_POLICY, p, 100);
	/* Pieces: the first without ports, and one behind it that claims to go on with the query.
	 */
	udp4(p, "10.2.0.1", "10.1.0.1", 23);
	put16(p + 6, 0x2000);
	expect(ESP_COUNT_INBOUND_POLICY, p, 23);
	udp4(p, "10.2.0.1", "10.1.0.1", 100);
	put16(p + 6, 1);
	expect(ESP_COUNT_INBOUND_POLICY, p, 100);
	close_both();
}

/* An extension header of eight bytes in front of what there is. */
static uint32_t extend(uint8_t *p, uint8_t kind, uint32_t bytes)
{
	memmove(p + 48, p + 40, bytes - 40);
	memset(p + 40, 0, 8);
	p[40] = p[6];
	p[6] = kind;
	put16(p + 4, bytes + 8 - 40);
	return bytes + 8;
}

static void ipv6_leads_nowhere_else(void)
{
	static const uint8_t kinds[] = {0, 43, 44, 60};
	uint8_t p[400];

	log_in_for_names();
	udp6(p, "fd02::2", "fd01::1", 100);
	expect(ESP_COUNT_INBOUND_POLICY, p, 100);
	udp6(p, "fe80::1", "fd01::1", 100);
	expect(ESP_COUNT_INBOUND_POLICY, p, 100);
	for (size_t i = 0; i < sizeof(kinds); i++) {
		udp6(p, "fd02::1", "fd01::1", 100);
		expect(ESP_COUNT_RX_PACKETS, p, extend(p, kinds[i], 100));
		/* TCP to that port, behind it. */
		udp6(p, "fd02::1", "fd01::1", 100);
		p[6] = 6;
		expect(ESP_COUNT_INBOUND_POLICY, p, extend(p, kinds[i], 100));
		/* The chain does not end within the packet, or not soon. */
		udp6(p, "fd02::1", "fd01::1", 48);
		extend(p, kinds[i], 48);
		put16(p + 4, 7);
		expect(ESP_COUNT_BAD_INNER, p, 47);
		uint32_t bytes = 100;

		udp6(p, "fd02::1", "fd01::1", bytes);
		for (int n = 0; n < 10; n++)
			bytes = extend(p, kinds[i], bytes);
		expect(ESP_COUNT_BAD_INNER, p, bytes);
	}
	/* Not the first piece, of what it says is UDP; and a jumbogram (RFC 2675). */
	udp6(p, "fd02::1", "fd01::1", 100);
	extend(p, 44, 100);
	put16(p + 42, 8);
	expect(ESP_COUNT_INBOUND_POLICY, p, 108);
	udp6(p, "fd02::1", "fd01::1", 100);
	extend(p, 0, 100);
	put16(p + 4, 0);
	expect(ESP_COUNT_BAD_INNER, p, 108);
	close_both();
}

/* An error about the query, as a router on the way would send it, from `router`. */
static uint32_t error_about(uint8_t *p, const char *router, const char *to, const char *asker)
{
	udp4(p, router, to, 56);
	p[9] = 1;
	memset(p + 20, 0, 8);
	p[20] = 3;
	udp4(p + 28, asker, "10.2.0.1", 28);
	put16(p + 48, 2000);
	put16(p + 50, 1000);
	return 56;
}

/* RFC 4301 section 6: whose packet it quotes hears of it, from whomever; nobody else does. */
static void errors_are_for_whoever_asked(void)
{
	uint8_t p[200];

	log_in_for_names();
	expect(ESP_COUNT_RX_PACKETS, p, error_about(p, "192.0.2.1", "10.1.0.1", "10.1.0.1"));
	expect(ESP_COUNT_INBOUND_POLICY, p, error_about(p, "192.0.2.1", "10.1.0.7", "10.1.0.1"));
	expect(ESP_COUNT_INBOUND_POLICY, p, error_about(p, "192.0.2.1", "10.1.0.7", "10.1.0.7"));
	/* About a connection that is not his. */
	error_about(p, "192.0.2.1", "10.1.0.1", "10.1.0.1");
	p[28 + 19] = 9;
	expect(ESP_COUNT_INBOUND_POLICY, p, 56);
	error_about(p, "192.0.2.1", "10.1.0.1", "10.1.0.1");
	p[28 + 9] = 6;
	expect(ESP_COUNT_INBOUND_POLICY, p, 56);
	/* «Go another way» (redirect) is for nobody. */
	error_about(p, "192.0.2.1", "10.1.0.1", "10.1.0.1");
	p[20] = 5;
	expect(ESP_COUNT_INBOUND_POLICY, p, 56);
	/* The quoted header ends before its ports, or says that it is longer than what is there. */
	error_about(p, "192.0.2.1", "10.1.0.1", "10.1.0.1");
	put16(p + 2, 51);
	expect(ESP_COUNT_INBOUND_POLICY, p, 51);
	error_about(p, "192.0.2.1", "10.1.0.1", "10.1.0.1");
	p[28] = 0x4f;
	expect(ESP_COUNT_INBOUND_POLICY, p, 56);
	close_both();
}

int main(void)
{
	RUN(ipv4_leads_nowhere_else);
	RUN(ipv6_leads_nowhere_else);
	RUN(errors_are_for_whoever_asked);
	RUN(who_jumps_between_addresses_is_told_now_and_then);
	return check_summary("guest");
}

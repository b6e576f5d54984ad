/* What a guest tries who has valid keys, and means ill: he seals what he likes, and sends it from
 * where he likes. */
#include "engines.h"

#include "../src/inbound.h"

/* The guest's own half: what opens at the left. */
static struct esp_keys keys;
static uint64_t sequence;

static void log_in(void)
{
	open_both();
	connect_both(1);
	const struct esp_child child = half(&left, &right, 1);
	const struct sa *sa = sa_by_ref(&left.engine->table, 1);

	sequence = 0;
	CHECK(esp_keys_init(&keys, sa->in.aead, false, &child.inbound));
}

/* One sealed packet from this port of his. */
static void send_from(uint16_t port, uint64_t now_ms)
{
	static uint8_t room[2048];
	struct datagram datagram = {.encap = ESP_ENCAP_UDP};
	struct packet *packet = &datagram.packet;

	packet->data = room + 64;
	packet->headroom = 64;
	packet->bytes = (uint32_t)udp4(packet->data, "10.2.0.1", "10.1.0.1", 100);
	packet->tailroom = 512;
	CHECK(packet_seal(&keys, ++sequence, packet));
	datagram.cut_bytes = packet->bytes;
	datagram.path.local = address_of(4, "127.0.0.1", left.opened.natt_port);
	datagram.path.remote = address_of(4, "127.0.0.1", port);
	inbound_take(left.engine->workers[0], OUTER_NATT, &datagram, now_ms);
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
	log_in();
	for (uint32_t i = 0; i < 1000; i++)
		send_from(i % 2 ? 5000 : 5001, 10000);
	CHECK_EQUAL(frames_told(), 1);
	/* Back and forth between the old place and a new one. */
	for (uint32_t i = 0; i < 1000; i++)
		send_from(i % 2 ? 5000 : right.opened.natt_port, 10999);
	CHECK_EQUAL(frames_told(), 0);
	/* Where he stays in the end is told all the same. */
	send_from(5002, 11000);
	CHECK_EQUAL(frames_told(), 1);
	close_both();
}

int main(void)
{
	RUN(who_jumps_between_addresses_is_told_now_and_then);
	return check_summary("guest");
}

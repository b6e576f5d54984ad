/* Between the headers: DSCP where it is copied, and errors about inner packets from whoever on the
 * way met them. */
#include "check_packet.h"
#include "engines.h"

static uint8_t sent[2000], came[2000];

static void open_copying(uint32_t from_left, uint32_t to_right)
{
	open_both();
	left.engine->copy_dscp = from_left;
	right.engine->copy_dscp = to_right;
	connect_both(1);
}

/* RFC 2983: expedited forwarding inside stays, or becomes what the outer header says. */
static void dscp_is_copied_where_it_shall_be(void)
{
	static const struct {
		uint32_t left, right;
		uint8_t comes;
	} cases[] = {
		{0, 0, 0xb8 | 2},
		{ESP_DSCP_OUT, 0, 0xb8 | 2},
		{0, ESP_DSCP_IN, 2},
		{ESP_DSCP_OUT, ESP_DSCP_IN, 0xb8 | 2},
	};

	for (int i = 0; i < 4; i++) {
		open_copying(cases[i].left, cases[i].right);
		udp4(sent, "10.1.0.1", "10.2.0.1", 100);
		sent[1] = 0xb8 | 2;
		write_checksums(sent, 100);
		CHECK_EQUAL(send(left.device, sent, 100, 0), 100);
		CHECK_EQUAL(receive(right.device, came, sizeof(came)), 100);
		CHECK_EQUAL(came[1], cases[i].comes);
		CHECK(is_whole(came, 100));
		CHECK(memcmp(came + 12, sent + 12, 88) == 0);
		close_both();
	}
}

/* From `from` to `to`: «host unreachable», about a packet from `to` to `met`. */
static uint32_t error_about(const char *from, const char *to, const char *met)
{
	udp4(sent, from, to, 56);
	sent[9] = 1;
	sent[20] = 3;
	sent[21] = 1;
	put_number(sent + 22, 0, 2);
	udp4(sent + 28, to, met, 28);
	put_number(sent + 22, 0xffff - plain_fold(plain_sum(sent + 20, 36)), 2);
	put_number(sent + 10, 0, 2);
	put_number(sent + 10, 0xffff - plain_fold(plain_sum(sent, 20)), 2);
	return 56;
}

static void give(const struct side *side, uint32_t bytes)
{
	CHECK_EQUAL(send(side->device, sent, bytes, 0), bytes);
}

/* A router between, whose address no selector has, tells 10.2.0.1 about its packet to 10.1.0.1. */
static void errors_from_on_the_way_pass_both_ends(void)
{
	open_both();
	connect_both(1);
	give(&left, error_about("192.0.2.99", "10.2.0.1", "10.1.0.1"));
	CHECK_EQUAL(receive(right.device, came, sizeof(came)), 56);
	CHECK(memcmp(came, sent, 56) == 0);
	close_both();
}

static void errors_about_other_packets_do_not(void)
{
	open_both();
	connect_both(1);
	/* About a flow that the child does not carry: neither out … */
	give(&left, error_about("192.0.2.99", "10.2.0.1", "10.1.0.9"));
	give(&left, error_about("192.0.2.99", "10.2.0.9", "10.1.0.1"));
	wait_for_count(&left, ESP_COUNT_NO_SA, 2);
	/* … nor to somebody who did not send it. */
	error_about("192.0.2.99", "10.2.0.1", "10.1.0.1");
	put_number(sent + 28 + 12, 0x0a020009, 4);
	give(&left, 56);
	wait_for_count(&left, ESP_COUNT_NO_SA, 3);
	/* And no echo request from there. */
	error_about("192.0.2.99", "10.2.0.1", "10.1.0.1");
	sent[20] = 8;
	give(&left, 56);
	wait_for_count(&left, ESP_COUNT_NO_SA, 4);
	close_both();
}

/* A peer that seals anything may not tell of what is not its own (class 22). */
static void errors_about_foreign_packets_do_not_come_out(void)
{
	struct esp_child child;
	const struct esp_selector all[2] = {range_of(4, "0.0.0.0", "255.255.255.255"),
		range_of(4, "0.0.0.0", "255.255.255.255")};

	open_both();
	child = half(&left, &right, 1);
	CHECK_EQUAL(esp_install(left.engine, &child, all), ESP_OK);
	child = half(&right, &left, 1);
	CHECK_EQUAL(install(&right, &left, &child), ESP_OK);
	give(&left, error_about("192.0.2.99", "10.2.0.1", "10.1.0.9"));
	give(&left, error_about("192.0.2.99", "10.2.0.9", "10.1.0.1"));
	wait_for_count(&right, ESP_COUNT_INBOUND_POLICY, 2);
	give(&left, error_about("192.0.2.99", "10.2.0.1", "10.1.0.1"));
	CHECK_EQUAL(receive(right.device, came, sizeof(came)), 56);
	close_both();
}

int main(void)
{
	RUN(dscp_is_copied_where_it_shall_be);
	RUN(errors_from_on_the_way_pass_both_ends);
	RUN(errors_about_other_packets_do_not);
	RUN(errors_about_foreign_packets_do_not_come_out);
	return check_summary("headers");
}

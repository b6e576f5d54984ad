/*
 * ESP as protocol 50 between two engines on loopback. Raw sockets that are bound to different
 * addresses take no notice of each other. Without the permission for them it says so and tests that
 * UDP goes on.
 */
#include "engines.h"

static bool permitted;

static void open_two(uint8_t family, const char *ip_left, const char *ip_right)
{
	open_side_at(&left, family, ip_left);
	open_side_at(&right, family, ip_right);
}

static void connect_as(uint8_t encap_left, uint8_t encap_right)
{
	struct esp_child l = half(&left, &right, 1), r = half(&right, &left, 1);

	l.encap = encap_left;
	r.encap = encap_right;
	CHECK_EQUAL(install(&left, &right, &l), ESP_OK);
	CHECK_EQUAL(install(&right, &left, &r), ESP_OK);
}

static void expect_crossing(size_t bytes)
{
	uint8_t packet[2000];

	send_inner(&left, "10.1.0.1", "10.2.0.1", bytes);
	CHECK_EQUAL(receive(right.device, packet, sizeof(packet)), bytes);
	send_inner(&right, "10.2.0.1", "10.1.0.1", bytes);
	CHECK_EQUAL(receive(left.device, packet, sizeof(packet)), bytes);
}

static void expect_no_event(const struct side *side)
{
	uint8_t frame[200];

	CHECK(recv(side->opened.mailbox, frame, sizeof(frame), MSG_DONTWAIT) < 0);
}

/* Whatever a child sends in, it takes both; the form alone is no new address. */
static void every_mixture_of_forms_crosses(
	uint8_t family, const char *ip_left, const char *ip_right)
{
	static const uint8_t forms[] = {ESP_ENCAP_UDP, ESP_ENCAP_RAW};

	for (int l = 0; l < 2; l++) {
		for (int r = 0; r < 2; r++) {
			open_two(family, ip_left, ip_right);
			connect_as(forms[l], forms[r]);
			for (size_t bytes = 28; bytes < 1500; bytes += 300)
				expect_crossing(bytes);
			expect_no_event(&left);
			expect_no_event(&right);
			close_both();
		}
	}
}

static void a_child_changes_its_form_when_it_moves(void)
{
	struct esp_child child;

	open_two(4, "127.77.0.1", "127.77.0.2");
	connect_as(ESP_ENCAP_UDP, ESP_ENCAP_RAW);
	child = half(&left, &right, 1);
	CHECK_EQUAL(esp_move(left.engine, 1, &child.path, ESP_ENCAP_RAW), ESP_OK);
	expect_crossing(200);
	CHECK_EQUAL(esp_move(left.engine, 1, &child.path, ESP_ENCAP_UDP), ESP_OK);
	expect_crossing(300);
	CHECK_EQUAL(esp_move(left.engine, 1, &child.path, 0), ESP_BAD_ARGUMENT);
	child.path.local = address_of(4, "127.77.0.9", left.opened.natt_port);
	CHECK_EQUAL(esp_move(left.engine, 1, &child.path, ESP_ENCAP_RAW), ESP_NO_SOCKET);
	expect_crossing(400);
	expect_no_event(&right);
	close_both();
}

/* Pitfall 67, without ports. */
static void a_new_address_is_told_with_port_zero(void)
{
	struct side third;
	struct esp_child child;
	uint8_t frame[200];

	open_two(4, "127.77.0.1", "127.77.0.2");
	connect_as(ESP_ENCAP_RAW, ESP_ENCAP_RAW);
	open_side_at(&third, 4, "127.77.0.3");
	child = half(&left, &right, 1);
	child.encap = ESP_ENCAP_RAW;
	child.path.local = address_of(4, "127.77.0.3", 0);
	CHECK_EQUAL(install(&third, &right, &child), ESP_OK);
	for (int i = 0; i < 3; i++)
		send_inner(&third, "10.2.0.1", "10.2.0.1", 60);
	wait_for_count(&right, ESP_COUNT_INBOUND_POLICY, 3);
	CHECK_EQUAL(next_frame(&right, frame, sizeof(frame)), 19);
	const uint8_t expected[19] = {
		ESP_FRAME_MOVED, 0, 0, 0, 1, 4, 0, 0, 127, 77, 0, 2, 4, 0, 0, 127, 77, 0, 3};

	CHECK(memcmp(frame, expected, sizeof(expected)) == 0);
	expect_no_event(&right);
	close_side(&third);
	close_both();
}

static void send_protocol_50(const char *to, const void *bytes, size_t count)
{
	const int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ESP);
	struct sockaddr_in name = {.sin_family = AF_INET};

	inet_pton(AF_INET, to, &name.sin_addr);
	CHECK_EQUAL(sendto(fd, bytes, count, 0, (struct sockaddr *)&name, sizeof(name)), count);
	close(fd);
}

static void what_is_no_esp_is_counted(void)
{
	static const uint8_t zeros[40], known[40] = {0, 1, 0, 1, 0, 0, 0, 1};

	open_two(4, "127.77.0.1", "127.77.0.2");
	connect_as(ESP_ENCAP_RAW, ESP_ENCAP_RAW);
	send_protocol_50("127.77.0.1", zeros, 3);
	wait_for_count(&left, ESP_COUNT_RUNT, 1);
	/* There is no IKE in here, so four zeros are an SPI. */
	send_protocol_50("127.77.0.1", zeros, sizeof(zeros));
	wait_for_count(&left, ESP_COUNT_BAD_SPI, 1);
	send_protocol_50("127.77.0.1", known, 8);
	wait_for_count(&left, ESP_COUNT_RUNT, 2);
	send_protocol_50("127.77.0.1", known, sizeof(known));
	wait_for_count(&left, ESP_COUNT_BAD_ICV, 1);
	CHECK_EQUAL(counter(&left, ESP_COUNT_IKE_IN), 0);
	close_both();
}

static void without_permission_it_is_unsupported(void)
{
	struct esp_child child;

	open_both();
	child = half(&left, &right, 1);
	child.encap = ESP_ENCAP_RAW;
	CHECK_EQUAL(install(&left, &right, &child), ESP_UNSUPPORTED);
	connect_as(ESP_ENCAP_UDP, ESP_ENCAP_UDP);
	expect_crossing(100);
	CHECK_EQUAL(esp_move(left.engine, 1, &child.path, ESP_ENCAP_RAW), ESP_UNSUPPORTED);
	expect_crossing(100);
	close_both();
}

int main(void)
{
	open_both();
	permitted = left.opened.raw;
	close_both();
	if (!permitted) {
		printf("  skipped: raw sockets are not permitted\n");
		RUN(without_permission_it_is_unsupported);
		return check_summary("raw");
	}
	every_mixture_of_forms_crosses(4, "127.77.0.1", "127.77.0.2");
	every_mixture_of_forms_crosses(6, "::1", "::1");
	RUN(a_child_changes_its_form_when_it_moves);
	RUN(a_new_address_is_told_with_port_zero);
	RUN(what_is_no_esp_is_counted);
	return check_summary("raw");
}

#include "mailbox.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define OUT_BYTES (512u * 1024u)
/* Room that only events may use; and that is closed to copies, which nobody misses so much. */
#define RESERVE     (16u * 1024u)
#define TAP_RESERVE (OUT_BYTES / 2)
/* So much may wait for JavaScript, as the kernel weighs it, before a handshake out of a crowd is
 * refused: each may cost a key exchange, and the next must not wait for many. */
#define CROWD_BYTES (96 * 1024)
#define IN_BYTES    (2u * ESP_MAX_FRAME)
#define HEAD_BYTES  5u

/* A frame's beginning, built on the stack. */
struct head {
	uint8_t bytes[HEAD_BYTES + 3 + 8 + 4 + 2 * 19];
	size_t count;
};

static void put(struct head *head, uint64_t number, int bytes)
{
	while (bytes-- > 0)
		head->bytes[head->count++] = (uint8_t)(number >> (8 * bytes));
}

static size_t ip_bytes(uint8_t family)
{
	return family == 4 ? 4 : 16;
}

static void put_address(struct head *head, const struct esp_address *address)
{
	const size_t bytes = ip_bytes(address->family);

	put(head, address->family, 1);
	put(head, address->port, 2);
	memcpy(head->bytes + head->count, address->ip, bytes);
	head->count += bytes;
}

/* The length is filled in when the frame is queued. */
static struct head begin(enum esp_frame kind)
{
	struct head head = {.count = 0};

	put(&head, 0, 4);
	put(&head, kind, 1);
	return head;
}

static void flush_locked(struct mailbox *mailbox)
{
	while (mailbox->out_bytes > 0) {
		const ssize_t sent = send(
			mailbox->fd, mailbox->out, mailbox->out_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		mailbox->out_bytes -= (size_t)sent;
		memmove(mailbox->out, mailbox->out + sent, mailbox->out_bytes);
	}
}

static bool queue(
	struct mailbox *mailbox, struct head *head, const void *body, size_t count, size_t reserve)
{
	const size_t bytes = head->count + count, length = bytes - 4;
	bool fits;

	for (int i = 0; i < 4; i++)
		head->bytes[i] = (uint8_t)(length >> (24 - 8 * i));
	pthread_mutex_lock(&mailbox->lock);
	fits = mailbox->out_bytes + bytes + reserve <= OUT_BYTES;
	if (fits) {
		memcpy(mailbox->out + mailbox->out_bytes, head->bytes, head->count);
		if (count)
			memcpy(mailbox->out + mailbox->out_bytes + head->count, body, count);
		mailbox->out_bytes += bytes;
		flush_locked(mailbox);
	}
	pthread_mutex_unlock(&mailbox->lock);
	return fits;
}

enum esp_code mailbox_open(struct mailbox *mailbox, int *theirs)
{
	int ends[2];

	*mailbox = (struct mailbox){.fd = -1};
	pthread_mutex_init(&mailbox->lock, NULL);
	mailbox->out = malloc(OUT_BYTES);
	mailbox->in = malloc(IN_BYTES);
	if (!mailbox->out || !mailbox->in)
		return ESP_NO_MEMORY;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0)
		return ESP_SYSTEM;
	mailbox->fd = ends[0];
	*theirs = ends[1];
	return ESP_OK;
}

void mailbox_close(struct mailbox *mailbox)
{
	if (mailbox->fd >= 0)
		close(mailbox->fd);
	free(mailbox->out);
	free(mailbox->in);
	pthread_mutex_destroy(&mailbox->lock);
}

static bool is_behind(const struct mailbox *mailbox)
{
	int unread = 0;

	return ioctl(mailbox->fd, SIOCOUTQ, &unread) == 0 && unread > CROWD_BYTES;
}

bool mailbox_datagram(struct mailbox *mailbox, const struct esp_path *path, const uint8_t *bytes,
	size_t count, enum door_verdict verdict)
{
	struct head head = begin(verdict == DOOR_PROVEN ? ESP_FRAME_PROVEN : ESP_FRAME_DATAGRAM);

	if (verdict == DOOR_PROVEN && is_behind(mailbox))
		return false;
	put_address(&head, &path->local);
	put_address(&head, &path->remote);
	return queue(mailbox, &head, bytes, count, RESERVE);
}

bool mailbox_moved(struct mailbox *mailbox, uint32_t child, const struct esp_path *path)
{
	struct head head = begin(ESP_FRAME_MOVED);

	put(&head, child, 4);
	put_address(&head, &path->local);
	put_address(&head, &path->remote);
	return queue(mailbox, &head, NULL, 0, 0);
}

bool mailbox_child(struct mailbox *mailbox, enum esp_frame kind, uint32_t child)
{
	struct head head = begin(kind);

	put(&head, child, 4);
	return queue(mailbox, &head, NULL, 0, 0);
}

static struct esp_address inner_address(uint8_t family, struct ip_address ip, uint16_t port)
{
	struct esp_address address = {.family = family, .port = port};

	ip_address_to(family, ip, address.ip);
	return address;
}

bool mailbox_trapped(struct mailbox *mailbox, uint32_t trap, const struct flow *flow)
{
	const struct esp_address source =
		inner_address(flow->version, flow->source, flow->source_port);
	const struct esp_address destination =
		inner_address(flow->version, flow->destination, flow->destination_port);
	struct head head = begin(ESP_FRAME_TRAPPED);

	put(&head, trap, 4);
	put(&head, flow->protocol, 1);
	put(&head, flow->has_ports, 1);
	put_address(&head, &source);
	put_address(&head, &destination);
	return queue(mailbox, &head, NULL, 0, 0);
}

bool mailbox_network(struct mailbox *mailbox)
{
	struct head head = begin(ESP_FRAME_NETWORK);

	return queue(mailbox, &head, NULL, 0, 0);
}

bool mailbox_tapped(
	struct mailbox *mailbox, const struct tapped *about, const uint8_t *bytes, size_t count)
{
	struct head head = begin(ESP_FRAME_TAPPED);

	put(&head, about->leaves, 1);
	put(&head, about->encap, 1);
	put(&head, about->tos, 1);
	put(&head, about->at_us, 8);
	put(&head, about->bytes, 4);
	put_address(&head, &about->path->local);
	put_address(&head, &about->path->remote);
	return queue(mailbox, &head, bytes, count, TAP_RESERVE);
}

bool mailbox_failed(struct mailbox *mailbox, const char *why)
{
	struct head head = begin(ESP_FRAME_FAILED);

	return queue(mailbox, &head, why, strlen(why), 0);
}

void mailbox_flush(struct mailbox *mailbox)
{
	pthread_mutex_lock(&mailbox->lock);
	flush_locked(mailbox);
	pthread_mutex_unlock(&mailbox->lock);
}

static uint32_t load_big(const uint8_t *p, int bytes)
{
	uint32_t number = 0;

	for (int i = 0; i < bytes; i++)
		number = number << 8 | p[i];
	return number;
}

/* How many bytes the address took; 0: it is none. */
static size_t take_address(const uint8_t *p, size_t left, struct esp_address *address)
{
	if (left < 3 || (p[0] != 4 && p[0] != 6) || left < 3 + ip_bytes(p[0]))
		return 0;
	*address = (struct esp_address){.family = p[0], .port = (uint16_t)load_big(p + 1, 2)};
	memcpy(address->ip, p + 3, ip_bytes(p[0]));
	return 3 + ip_bytes(p[0]);
}

/* `frame` begins with the kind. */
static void take_frame(const uint8_t *frame, size_t count, const struct mailbox_orders *orders)
{
	static const uint8_t keepalive = KEEPALIVE_BYTE;
	const uint8_t kind = count > 0 ? frame[0] : 0;
	struct esp_path path;
	size_t local = 0, remote = 0;

	if ((kind == ESP_FRAME_EXPECT || kind == ESP_FRAME_SETTLE) && count == 5) {
		orders->early(orders->context, kind, load_big(frame + 1, 4));
		return;
	}
	if (kind == ESP_FRAME_ADMIT && count == 9) {
		orders->admit(orders->context, frame + 1);
		return;
	}
	if (kind == ESP_FRAME_DATAGRAM || kind == ESP_FRAME_KEEPALIVE)
		local = take_address(frame + 1, count - 1, &path.local);
	if (local)
		remote = take_address(frame + 1 + local, count - 1 - local, &path.remote);
	if (!remote || path.local.family != path.remote.family) {
		orders->send(orders->context, NULL, NULL, 0);
		return;
	}
	const size_t head = 1 + local + remote;

	if (kind == ESP_FRAME_KEEPALIVE)
		orders->send(orders->context, &path, &keepalive, 1);
	else
		orders->send(orders->context, &path, frame + head, count - head);
}

/* Takes the whole frames in the buffer; false: one is longer than a frame can be. */
static bool take_frames(struct mailbox *mailbox, const struct mailbox_orders *orders)
{
	size_t at = 0;

	while (mailbox->in_bytes - at >= 4) {
		const size_t length = load_big(mailbox->in + at, 4);

		if (length > ESP_MAX_FRAME)
			return false;
		if (mailbox->in_bytes - at - 4 < length)
			break;
		take_frame(mailbox->in + at + 4, length, orders);
		at += 4 + length;
	}
	mailbox->in_bytes -= at;
	memmove(mailbox->in, mailbox->in + at, mailbox->in_bytes);
	return true;
}

bool mailbox_receive(struct mailbox *mailbox, const struct mailbox_orders *orders)
{
	for (;;) {
		const ssize_t got = recv(mailbox->fd, mailbox->in + mailbox->in_bytes,
			IN_BYTES - mailbox->in_bytes, MSG_DONTWAIT);

		if (got < 0)
			return errno == EAGAIN || errno == EINTR;
		if (got == 0)
			return false;
		mailbox->in_bytes += (size_t)got;
		if (!take_frames(mailbox, orders))
			return false;
	}
}

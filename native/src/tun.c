#include "tun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEVICE_FILE "/dev/net/tun"

/* Linux 6.2. */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif
#define TCP_OFFLOADS (TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)
#define UDP_OFFLOADS (TUN_F_USO4 | TUN_F_USO6)

static enum esp_code device_file_failed(char *why, size_t why_bytes)
{
	const int error = errno;

	snprintf(why, why_bytes, "%s: %s", DEVICE_FILE, strerror(error));
	return error == EACCES || error == EPERM ? ESP_PERMISSION : ESP_NO_TUN;
}

static enum esp_code attach_failed(const char *name, char *why, size_t why_bytes)
{
	const int error = errno;

	if (error == EBUSY || error == EINVAL) {
		snprintf(why, why_bytes, "a network device %s exists already", name);
		return ESP_DEVICE_EXISTS;
	}
	snprintf(why, why_bytes, "network device %s: %s", name, strerror(error));
	return error == EPERM ? ESP_PERMISSION : ESP_SYSTEM;
}

/* Only the first queue may make the device: another program's must not be joined. */
static enum esp_code open_queue(struct tun *tun, const char *name, char *why, size_t why_bytes)
{
	struct ifreq request = {0};
	const int fd = open(DEVICE_FILE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int flags = IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE;

	if (fd < 0)
		return device_file_failed(why, why_bytes);
	if (tun->count == 0)
		flags |= IFF_TUN_EXCL;
	if (tun->vnet)
		flags |= IFF_VNET_HDR;
	tun->queues[tun->count++] = fd;
	request.ifr_flags = (short)flags;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &request) < 0)
		return attach_failed(name, why, why_bytes);
	return ESP_OK;
}

/* A kernel that knows less refuses the whole set. */
static bool offer(const struct tun *tun, unsigned offloads)
{
	return ioctl(tun->queues[0], TUNSETOFFLOAD, (unsigned long)offloads) == 0;
}

static void agree_on_offloads(struct tun *tun, uint32_t mask)
{
	if (!tun->vnet)
		return;
	tun->udp = (mask & ESP_OFFLOAD_TUN_UDP) && offer(tun, TCP_OFFLOADS | UDP_OFFLOADS);
	tun->tcp = tun->udp || offer(tun, TCP_OFFLOADS);
}

static bool configure(int control, const struct esp_options *options)
{
	struct ifreq request = {0};

	memcpy(request.ifr_name, options->device, sizeof(request.ifr_name));
	request.ifr_mtu = (int)options->mtu;
	if (ioctl(control, SIOCSIFMTU, &request) < 0)
		return false;
	if (ioctl(control, SIOCGIFFLAGS, &request) < 0)
		return false;
	request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
	return ioctl(control, SIOCSIFFLAGS, &request) == 0;
}

enum esp_code tun_open(struct tun *tun, const struct esp_options *options, uint32_t queues,
	char *why, size_t why_bytes)
{
	*tun = (struct tun){
		.mtu = options->mtu,
		.vnet = options->offload_mask & ESP_OFFLOAD_TUN_TCP,
	};
	for (uint32_t i = 0; i < queues; i++) {
		const enum esp_code code = open_queue(tun, options->device, why, why_bytes);

		if (code != ESP_OK)
			return code;
	}
	agree_on_offloads(tun, options->offload_mask);
	const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const bool configured = control >= 0 && configure(control, options);

	if (!configured)
		snprintf(why, why_bytes, "network device %s: %s", options->device, strerror(errno));
	if (control >= 0)
		close(control);
	return configured ? ESP_OK : ESP_SYSTEM;
}

void tun_close(struct tun *tun)
{
	while (tun->count > 0)
		close(tun->queues[--tun->count]);
}

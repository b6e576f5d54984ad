/*
 * What JavaScript and the engine tell each other over a stream socket, the mailbox, in frames; all
 * numbers in them are big-endian:
 *
 *   u32 length of what follows | u8 enum esp_frame | body
 *   address    u8 family (4 or 6) | u16 port | 4 or 16 bytes
 *   DATAGRAM   address local | address remote | one IKE message without the non-ESP marker
 *              (both ways; all others come from the engine)
 *   MOVED      u32 child | address local | address remote: authenticated packets come from there
 *                                                         (ports 0: as protocol 50)
 *   SOFT_LIMIT, HARD_LIMIT   u32 child
 *   USED       u32 child: it stood by, and its first authenticated packet came in
 *   TRAPPED    u32 trap | u8 IP protocol | u8 1: the ports say something | address source |
 *              address destination: this packet has no child; told once until esp_trap_release()
 *   KEEPALIVE  address local | address remote: one byte 0xff is to be sent (RFC 3948 section 2.3);
 *              from JavaScript
 *   NETWORK    links, addresses or routes of this host changed
 *   EXPECT     u32 SPI: a request of ours names it, so packets may come before its child is
 *              installed, and are kept for it; from JavaScript
 *   SETTLE     u32 SPI: its child is installed, what was kept goes on; from JavaScript
 *   EARLY      u32 SPI: the first packet was kept for it
 *   TAPPED     u8 1: it leaves | u8 enum esp_encap | u8 TOS | u64 microseconds since 1970 |
 *              u32 bytes of the packet | address local | address remote | ESP packet, as sealed, or
 *              its beginning: what esp_tap_set() asked for
 *   PROVEN     as DATAGRAM: IKE_SA_INIT from an address that proved to be the sender's by a cookie
 *   ADMIT      u64 IKE SPI of ours: whoever writes to it has the keys of an IKE SA, though no
 *              message of ours has shown it; from JavaScript
 *   FAILED     text: the engine cannot go on
 */
#ifndef ESP_FRAME_H
#define ESP_FRAME_H

#define ESP_MAX_FRAME 65600u

enum esp_frame {
	ESP_FRAME_DATAGRAM = 1,
	ESP_FRAME_MOVED = 2,
	ESP_FRAME_SOFT_LIMIT = 3,
	ESP_FRAME_HARD_LIMIT = 4,
	ESP_FRAME_FAILED = 5,
	ESP_FRAME_USED = 6,
	ESP_FRAME_TRAPPED = 7,
	ESP_FRAME_KEEPALIVE = 8,
	ESP_FRAME_NETWORK = 9,
	ESP_FRAME_EXPECT = 10,
	ESP_FRAME_SETTLE = 11,
	ESP_FRAME_EARLY = 12,
	ESP_FRAME_TAPPED = 13,
	ESP_FRAME_PROVEN = 14,
	ESP_FRAME_ADMIT = 15,
};

#endif

/*
 * Whether addresses, links or routes of this host changed: the kernel's own messages, of which only
 * that they came is of interest.
 */
#ifndef NETWORK_H
#define NETWORK_H

/* A descriptor that is readable once something changed; -1: the kernel does not tell. */
int network_open(void);
/* Takes what has come. */
void network_drain(int fd);

#endif

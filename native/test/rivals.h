/* What our own is compared with, where it is installed: OpenSSL's EVP and intel-ipsec-mb. */
#ifndef RIVALS_H
#define RIVALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "../src/cpu.h"

struct rival {
	/* NULL: the list ends. */
	const char *name;
	size_t key_bytes;
	/* enum cpu_feature; ipsec-mb does not look, and dies. */
	uint32_t cpu_needed;
	void *(*begin)(size_t key_bytes, const uint8_t *key);
	/* As a data plane would for each packet; the verdict of opening is not asked for. */
	void (*run)(void *context, bool opens, const uint8_t *nonce, const uint8_t aad[8],
		uint8_t *text, size_t bytes, uint8_t *tag);
	void (*end)(void *context);
};

#ifdef WITH_OPENSSL
#include <openssl/evp.h>

/* Both directions, keyed beforehand. */
struct evp {
	EVP_CIPHER_CTX *way[2];
};

static void *evp_begin_with(const EVP_CIPHER *cipher, const uint8_t *key)
{
	struct evp *evp = calloc(1, sizeof(*evp));

	for (int opens = 0; evp && opens < 2; opens++) {
		evp->way[opens] = EVP_CIPHER_CTX_new();
		EVP_CipherInit_ex(evp->way[opens], cipher, NULL, key, NULL, !opens);
	}
	return evp;
}

static void *evp_gcm(size_t key_bytes, const uint8_t *key)
{
	return evp_begin_with(key_bytes == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm(), key);
}

static void *evp_chacha(size_t key_bytes, const uint8_t *key)
{
	(void)key_bytes;
	return evp_begin_with(EVP_chacha20_poly1305(), key);
}

static void evp_run(void *context, bool opens, const uint8_t *nonce, const uint8_t aad[8],
	uint8_t *text, size_t bytes, uint8_t *tag)
{
	EVP_CIPHER_CTX *const way = ((struct evp *)context)->way[opens];
	int done;

	EVP_CipherInit_ex(way, NULL, NULL, NULL, nonce, !opens);
	EVP_CipherUpdate(way, NULL, &done, aad, 8);
	EVP_CipherUpdate(way, text, &done, text, (int)bytes);
	if (opens)
		EVP_CIPHER_CTX_ctrl(way, EVP_CTRL_AEAD_SET_TAG, 16, tag);
	EVP_CipherFinal_ex(way, text + bytes, &done);
	if (!opens)
		EVP_CIPHER_CTX_ctrl(way, EVP_CTRL_AEAD_GET_TAG, 16, tag);
}

static void evp_end(void *context)
{
	struct evp *evp = context;

	EVP_CIPHER_CTX_free(evp->way[0]);
	EVP_CIPHER_CTX_free(evp->way[1]);
	free(evp);
}
#endif

#ifdef WITH_IPSEC_MB
#include <intel-ipsec-mb.h>

struct mb {
	/* Its stores want it aligned, though its header does not say so. */
	_Alignas(64) struct gcm_key_data key;
	IMB_MGR *manager;
	size_t key_bytes;
};

static void *mb_begin_with(void (*init)(IMB_MGR *), size_t key_bytes, const uint8_t *key)
{
	struct mb *mb = aligned_alloc(64, (sizeof(*mb) + 63) / 64 * 64);

	mb->manager = alloc_mb_mgr(0);
	init(mb->manager);
	mb->key_bytes = key_bytes;
	if (key_bytes == 16)
		IMB_AES128_GCM_PRE(mb->manager, key, &mb->key);
	else
		IMB_AES256_GCM_PRE(mb->manager, key, &mb->key);
	return mb;
}

static void *mb_sse(size_t key_bytes, const uint8_t *key)
{
	return mb_begin_with(init_mb_mgr_sse, key_bytes, key);
}

static void *mb_avx2(size_t key_bytes, const uint8_t *key)
{
	return mb_begin_with(init_mb_mgr_avx2, key_bytes, key);
}

static void *mb_avx512(size_t key_bytes, const uint8_t *key)
{
	return mb_begin_with(init_mb_mgr_avx512, key_bytes, key);
}

static void mb_run(void *context, bool opens, const uint8_t *nonce, const uint8_t aad[8],
	uint8_t *text, size_t bytes, uint8_t *tag)
{
	struct mb *const mb = context;
	_Alignas(64) struct gcm_context_data packet;
	IMB_MGR *const manager = mb->manager;

	if (mb->key_bytes == 16 && opens)
		IMB_AES128_GCM_DEC(
			manager, &mb->key, &packet, text, text, bytes, nonce, aad, 8, tag, 16);
	else if (mb->key_bytes == 16)
		IMB_AES128_GCM_ENC(
			manager, &mb->key, &packet, text, text, bytes, nonce, aad, 8, tag, 16);
	else if (opens)
		IMB_AES256_GCM_DEC(
			manager, &mb->key, &packet, text, text, bytes, nonce, aad, 8, tag, 16);
	else
		IMB_AES256_GCM_ENC(
			manager, &mb->key, &packet, text, text, bytes, nonce, aad, 8, tag, 16);
}

static void mb_end(void *context)
{
	struct mb *mb = context;

	free_mb_mgr(mb->manager);
	free(mb);
}
#endif

static const struct rival rivals[] = {
#ifdef WITH_OPENSSL
	{"aes-gcm openssl-evp", 16, 0, evp_gcm, evp_run, evp_end},
	{"aes-gcm openssl-evp", 32, 0, evp_gcm, evp_run, evp_end},
	{"chacha20-poly1305 openssl-evp", 32, 0, evp_chacha, evp_run, evp_end},
#endif
#ifdef WITH_IPSEC_MB
	{"aes-gcm ipsec-mb-sse", 16, CPU_X86_AES, mb_sse, mb_run, mb_end},
	{"aes-gcm ipsec-mb-avx2", 16, CPU_X86_AVX2, mb_avx2, mb_run, mb_end},
	{"aes-gcm ipsec-mb-avx2", 32, CPU_X86_AVX2, mb_avx2, mb_run, mb_end},
	{"aes-gcm ipsec-mb-avx512", 16, CPU_X86_AVX512VL | CPU_X86_VAES, mb_avx512, mb_run, mb_end},
#endif
	{NULL, 0, 0, NULL, NULL, NULL},
};

#endif

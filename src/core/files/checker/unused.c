/* SPDX-License-Identifier: Apache-2.0
 * What Debian's static libhdf5 calls for files in the network, which are never opened here: without these functions the
 * checker would load libcurl, libcrypto and the thirty libraries that those want. A call fails. */
#define UNUSED(name)  \
    void *name(void); \
    void *name(void) { return (void *)0; }
UNUSED(curl_global_init)
UNUSED(curl_global_cleanup)
UNUSED(curl_easy_init)
UNUSED(curl_easy_setopt)
UNUSED(curl_easy_perform)
UNUSED(curl_easy_cleanup)
UNUSED(curl_slist_append)
UNUSED(curl_slist_free_all)
UNUSED(EVP_sha256)
UNUSED(HMAC)
UNUSED(SHA256)

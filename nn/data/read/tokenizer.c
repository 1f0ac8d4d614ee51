/* A tokenizer of bytes. */
#include <stdlib.h>

#include "cursor.h"
#include "wengert/data.h"
#include "wengert/error.h"

struct wg_tokenizer {
    size_t size;
    char vocabulary[256 + 1]; /* with a NUL behind it */
    short token[256];         /* of each byte; -1: it does not occur */
};

wg_tokenizer *wg_tokenizer_create(const void *bytes, size_t size)
{
    const char *op = "tokenizer_create";
    const unsigned char *byte = bytes;
    bool occurs[256] = {false};
    if (!bytes || size == 0) {
        (void)wg_error_set(bytes ? WG_E_ARGUMENT : WG_E_NULL, op, "%s: expected a text, got %s", op, bytes ? "no bytes" : "NULL");
        return NULL;
    }
    wg_tokenizer *t = calloc(1, sizeof *t);
    if (!t) {
        (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
        return NULL;
    }
    for (size_t i = 0; i < size; i++)
        occurs[byte[i]] = true;
    for (int i = 0; i < 256; i++) {
        t->token[i] = occurs[i] ? (short)t->size : -1;
        if (occurs[i])
            t->vocabulary[t->size++] = (char)i;
    }
    return t;
}

void wg_tokenizer_destroy(wg_tokenizer *tokenizer)
{
    free(tokenizer);
}

/* False for NULL, which is recorded. */
static bool given(const wg_tokenizer *tokenizer, const char *op)
{
    if (!tokenizer)
        (void)wg_error_set(WG_E_NULL, op, "%s: the tokenizer is NULL", op);
    return tokenizer != NULL;
}

const char *wg_tokenizer_vocabulary(const wg_tokenizer *tokenizer, size_t *size)
{
    const bool there = given(tokenizer, "tokenizer_vocabulary");
    if (size)
        *size = there ? tokenizer->size : 0;
    return there ? tokenizer->vocabulary : NULL;
}

int64_t wg_tokenizer_size(const wg_tokenizer *tokenizer)
{
    return given(tokenizer, "tokenizer_size") ? (int64_t)tokenizer->size : 0;
}

wg_tensor *wg_tokenizer_encode(const wg_tokenizer *tokenizer, const void *bytes, size_t size)
{
    const char *op = "tokenizer_encode";
    const unsigned char *byte = bytes;
    void *elements;
    if (!given(tokenizer, op))
        return NULL;
    if (!bytes && size > 0) {
        (void)wg_error_set(WG_E_NULL, op, "%s: the text is NULL", op);
        return NULL;
    }
    for (size_t i = 0; i < size; i++)
        if (tokenizer->token[byte[i]] < 0) {
            (void)wg_error_set(WG_E_ARGUMENT, op, "%s: byte %zu, 0x%02x, is not in the vocabulary", op, i, byte[i]);
            return NULL;
        }
    wg_tensor *t = new_tensor(WG_I64, WG_SHAPE((int64_t)size), &elements);
    for (size_t i = 0; t && i < size; i++)
        ((int64_t *)elements)[i] = tokenizer->token[byte[i]];
    return t;
}

static wg_status check_tokens(const wg_tokenizer *tokenizer, const int64_t *token, int64_t n, const char *op)
{
    for (int64_t i = 0; i < n; i++)
        if (token[i] < 0 || token[i] >= (int64_t)tokenizer->size)
            return wg_error_set(WG_E_ARGUMENT, op, "%s: token %lld, %lld, is not in 0..%zu", op, (long long)i, (long long)token[i],
                                tokenizer->size - 1);
    return WG_OK;
}

wg_status wg_tokenizer_decode(const wg_tokenizer *tokenizer, const wg_tensor *tokens, char *text, size_t size)
{
    const char *op = "tokenizer_decode";
    if (!given(tokenizer, op))
        return WG_E_NULL;
    if (!tokens || !text)
        return wg_error_set(WG_E_NULL, op, "%s: the %s NULL", op, tokens ? "text is" : "tokens are");
    if (!wg_data(tokens) && wg_error_first()) /* released, dangling, recorded now */
        return wg_error_first()->code;
    const int64_t n = wg_numel(tokens);
    if (wg_dtype_of(tokens) != WG_I64)
        return wg_error_set(WG_E_DTYPE, op, "%s: expected tokens of dtype i64, got %s", op, wg_dtype_name(wg_dtype_of(tokens)));
    if ((uint64_t)n >= size)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: %lld tokens and a NUL do not fit into %zu bytes", op, (long long)n, size);
    int64_t *token = malloc(((size_t)n + 1) * sizeof *token);
    if (!token)
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    wg_status status = wg_read(tokens, token);
    if (status == WG_OK)
        status = check_tokens(tokenizer, token, n, op);
    for (int64_t i = 0; i < n && status == WG_OK; i++)
        text[i] = tokenizer->vocabulary[token[i]];
    if (status == WG_OK)
        text[n] = 0;
    free(token);
    return status;
}

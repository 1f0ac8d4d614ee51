/* Random generators. A generator is a tensor that holds its state, so a draw is an effect like any other change of an operand. */
#include "wengert/random.h"

#include <string.h>

#include "core/internal.h"
#include "wengert/philox.h"

enum { STATE = 4 };

static wg_tensor *generator_new(uint64_t seed, uint64_t stream)
{
    const int64_t state[STATE] = {(int64_t)seed, (int64_t)stream, 0, 0};
    wg_tensor *t = wg_value_new(1); /* owned by the caller even if a tape is open */
    if (!t)
        return NULL;
    t->dtype = WG_I64;
    wg_set_dims(t, 1, (const int64_t[]){STATE}, NULL);
    t->storage = wg_storage_new(sizeof state);
    if (!t->storage) {
        wg_value_unref(t);
        return NULL;
    }
    t->data = wg_storage_data(t->storage);
    memcpy(t->data, state, sizeof state);
    return t;
}

wg_tensor *wg_generator(uint64_t seed, uint64_t stream)
{
    WG_OPERATION("generator");
    struct wg_thread *th = wg_self();
    return th && wg_may_write(th, "generator") == WG_OK ? generator_new(seed, stream) : NULL;
}

wg_tensor *wg_generator_split(wg_tensor *generator, uint64_t stream)
{
    WG_OPERATION("generator_split");
    struct wg_thread *th = wg_self();
    const char *op = "generator_split";
    if (!th || wg_check_handle(generator, op, -1) != WG_OK)
        return NULL;
    char text[200];
    if (generator->dtype != WG_I64 || generator->rank != 1 || generator->numel != 4) {
        wg_fail(generator->dtype != WG_I64 ? WG_E_DTYPE : WG_E_SHAPE, op,
                "%s: expected a generator, i64 [4] (wg_generator), got %s %s", op, wg_dtype_name((wg_dtype)generator->dtype),
                wg_shape_text(wg_shape_of(generator), text, sizeof text));
        return NULL;
    }
    int64_t state[4];
    uint32_t word[4];
    if (wg_read(generator, state) != WG_OK)
        return NULL;
    wg_philox((uint64_t)state[0], (uint64_t)state[1], (uint64_t)state[2]++, word);
    wg_tensor *split = wg_generator((uint64_t)word[0] << 32 | word[1], stream);
    if (split && (!th->top || wg_undo_push(th->top, generator) == WG_OK) && wg_write(generator, state) == WG_OK)
        return split;
    wg_free(split);
    return NULL;
}

static wg_tensor *first_generator(struct wg_thread *th)
{
    WG_OPERATION("generator_default");
    th->generator = generator_new(0, 0);
    if (th->generator)
        th->generator->flags |= WG_T_BORROWED;
    return th->generator;
}

wg_tensor *wg_generator_default(void)
{
    struct wg_thread *th = wg_self();
    if (!th)
        return NULL;
    return th->generator ? th->generator : first_generator(th);
}

/* Writes the state in place, since replays and handles refer to this tensor. */
wg_status wg_seed(uint64_t seed, uint64_t index)
{
    WG_OPERATION("seed");
    const int64_t state[STATE] = {(int64_t)seed, (int64_t)index, 0, 0};
    struct wg_thread *th = wg_self();
    if (!th)
        return WG_E_MEMORY;
    WG_TRY(wg_may_write(th, "seed"));
    wg_tensor *generator = wg_generator_default();
    if (!generator || (th->top && wg_undo_push(th->top, generator) != WG_OK))
        return WG_E_MEMORY;
    return wg_write(generator, state);
}

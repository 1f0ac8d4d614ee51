#include "live.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/internal.h"

static int64_t before;
static bool excused;

static int64_t object_bytes(const void *object)
{
    return object ? (int64_t)((const struct wg_storage *)object)[-1].bytes : 0;
}

static int64_t value_bytes(const wg_tensor *t)
{
    return t ? object_bytes(t) + (int64_t)t->storage->bytes : 0;
}

static int64_t chunk_bytes(const struct wg_arena *arena)
{
    int64_t bytes = 0;
    for (const struct wg_chunk *chunk = arena->chunks; chunk; chunk = chunk->prev)
        bytes += object_bytes(chunk);
    return bytes;
}

int64_t live_bytes(void)
{
    const struct wg_thread *th = wg_self();
    int64_t kept = value_bytes(th->generator) + object_bytes(th->leaves.slots) + object_bytes(th->section_table.slots);
    for (const wg_tape *tape = th->spare_tapes; tape; tape = tape->below)
        kept += object_bytes(tape) + chunk_bytes(&tape->nodes) + chunk_bytes(&tape->slots);
    for (int i = 0; i < WG_RESTING_SLOTS; i++)
        kept += chunk_bytes(&th->rest.slots[i]);
    for (const wg_section *section = th->sections; section; section = section->next)
        kept += object_bytes(section);
    for (const struct wg_checked *checked = th->checked; checked; checked = checked->next)
        kept += object_bytes(checked);
    return wg_memory_now().live - kept;
}

int live_begin(void **state)
{
    (void)state;
    before = live_bytes();
    excused = false;
    return 0;
}

int live_end(void **state)
{
    (void)state;
    const int64_t after = live_bytes();
    if (after != before && !excused) {
        print_error("%lld bytes in use before the test, %lld after it\n", (long long)before, (long long)after);
        return -1;
    }
    return 0;
}

void live_excuse(void)
{
    excused = true;
}

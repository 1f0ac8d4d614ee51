/* Modes of a thread, and sections: the named parts of a program to which nodes belong. */
#include <string.h>

#include "core/internal.h"

bool wg_grad_mode_set(bool on)
{
    struct wg_thread *th = wg_self();
    if (!th)
        return true;
    const bool before = !th->mode.no_grad;
    th->mode.no_grad = !on;
    return before;
}

bool wg_grad_mode(void)
{
    struct wg_thread *th = wg_self();
    return !th || !th->mode.no_grad;
}

bool wg_vjp_is_recorded(void)
{
    const struct wg_thread *th = wg_self();
    return th && !th->mode.no_grad && !th->mode.scratch;
}

void wg_grad_mode_leave(bool *before)
{
    if (before)
        wg_grad_mode_set(*before);
}

bool wg_train_mode_set(bool on)
{
    struct wg_thread *th = wg_self();
    if (!th)
        return true;
    const bool before = !th->mode.eval;
    th->mode.eval = !on;
    return before;
}

bool wg_train_mode(void)
{
    struct wg_thread *th = wg_self();
    return !th || !th->mode.eval;
}

void wg_train_mode_leave(bool *before)
{
    if (before)
        wg_train_mode_set(*before);
}

static uint64_t hash_of_section(const void *context, const void *key)
{
    const wg_section *section = key;
    (void)context;
    return wg_hash_text(wg_hash_text((uintptr_t)section->parent, section->name), section->kind);
}

static bool same_section(const void *context, const void *a, const void *b)
{
    const wg_section *one = a, *other = b;
    (void)context;
    return one->parent == other->parent && strcmp(one->name, other->name) == 0 && strcmp(one->kind, other->kind) == 0;
}

static const struct wg_hash_kind section_kind = {hash_of_section, same_section};

static wg_section *make_section(struct wg_thread *th, wg_section *latest, const char *name, const char *kind)
{
    const size_t name_size = strlen(name) + 1, kind_size = strlen(kind) + 1;
    wg_section *section = wg_object_new(sizeof *section + name_size + kind_size);
    if (!section)
        return NULL;
    char *text = (char *)(section + 1);
    memcpy(text, name, name_size);
    memcpy(text + name_size, kind, kind_size);
    *section = (wg_section){.parent = (wg_section *)(uintptr_t)th->mode.section,
                            .next = th->sections,
                            .sibling = latest ? latest->sibling : section,
                            .name = text,
                            .kind = text + name_size};
    if (latest)
        latest->sibling = section;
    th->sections = section;
    return section;
}

/* The section of that name and kind in the current one, made if it is new. Steps enter sections in the same order, so the one
   after the latest in the ring is mostly it. NULL and the error if there is no memory. */
static wg_section *section_for(struct wg_thread *th, wg_section *latest, const char *name, const char *kind)
{
    const wg_section sought = {.parent = (wg_section *)(uintptr_t)th->mode.section, .name = name, .kind = kind};
    if (latest && same_section(NULL, latest->sibling, &sought))
        return latest->sibling;
    struct wg_hash_slot *slot = wg_hash_slot_by(&th->section_table, &section_kind, NULL, &sought);
    if (!slot)
        return NULL;
    if (!slot->key) {
        wg_section *section = make_section(th, latest, name, kind);
        if (!section)
            return NULL;
        wg_hash_put(&th->section_table, slot, section);
        slot->value.pointer = section;
    }
    return slot->value.pointer;
}

wg_status wg_section_push_with(const char *name, wg_section_options options)
{
    WG_OPERATION("section_push");
    struct wg_thread *th = wg_self();
    if (!th)
        return WG_E_MEMORY;
    if (!name || !options.kind)
        return wg_fail(WG_E_NULL, "section_push", "section_push: expected a name and a kind, got NULL");
    if (*wg_lost_tapes() > 0) /* no tape would remove the name when it closes */
        return wg_fail(WG_E_MEMORY, "section_push", "section_push: the tape around this could not be opened");
    wg_section *parent = (wg_section *)(uintptr_t)th->mode.section, **latest = parent ? &parent->latest : &th->latest_section;
    wg_section *section = section_for(th, *latest, name, options.kind);
    if (!section)
        return WG_E_MEMORY;
    *latest = section;
    th->mode.section = section;
    wg_note_entered(th, WG_ACTIVITY_SECTION, section);
    return WG_OK;
}

void wg_section_pop(void)
{
    struct wg_thread *th = wg_self();
    const wg_section *section = th ? th->mode.section : NULL;
    if (!section)
        return;
    th->mode.section = section->parent;
    wg_note_left(th, WG_ACTIVITY_SECTION, section);
}

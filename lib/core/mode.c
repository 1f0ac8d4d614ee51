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

/* Searches the ring of sections with the same parent. Steps enter sections in the same order, so the search starts after the one
   entered last; its first comparison mostly succeeds. */
static wg_section *find_section(wg_section *latest, const char *name)
{
    wg_section *section = latest;
    while (section) {
        section = section->sibling;
        if (strcmp(section->name, name) == 0)
            return section;
        if (section == latest)
            break;
    }
    return NULL;
}

static wg_section *make_section(struct wg_thread *th, wg_section *latest, const char *name)
{
    const size_t size = strlen(name) + 1;
    wg_section *section = wg_object_new(sizeof *section + size);
    if (!section)
        return NULL;
    memcpy(section + 1, name, size);
    *section = (wg_section){.parent = (wg_section *)(uintptr_t)th->mode.section,
                            .next = th->sections,
                            .sibling = latest ? latest->sibling : section,
                            .name = (const char *)(section + 1)};
    if (latest)
        latest->sibling = section;
    th->sections = section;
    return section;
}

wg_status wg_section_push(const char *name)
{
    WG_OPERATION("section_push");
    struct wg_thread *th = wg_self();
    if (!th)
        return WG_E_MEMORY;
    if (!name)
        return wg_fail(WG_E_NULL, "section_push", "section_push: the name is NULL");
    if (*wg_lost_tapes() > 0) /* no tape would remove the name when it closes */
        return wg_fail(WG_E_MEMORY, "section_push", "section_push: the tape around this could not be opened");
    wg_section *parent = (wg_section *)(uintptr_t)th->mode.section, **latest = parent ? &parent->latest : &th->latest_section;
    wg_section *section = find_section(*latest, name);
    if (!section && !(section = make_section(th, *latest, name)))
        return WG_E_MEMORY;
    *latest = section;
    th->mode.section = section;
    return WG_OK;
}

void wg_section_pop(void)
{
    struct wg_thread *th = wg_self();
    if (th && th->mode.section)
        th->mode.section = th->mode.section->parent;
}

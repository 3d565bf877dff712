/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Event channels by polling; see xen_events.h. Bits and their order are those of the two-level ABI (public/xen.h,
 * struct shared_info), which is what every domain begins with. While we run all ports are masked: SCHEDOP_poll needs no
 * upcall, and so vcpu_info is left as it is.
 */
#include "firmware/xen_events.h"

#include <stddef.h>

#include "common/noinit.h"
#include "common/string.h"
#include "firmware/xen_frames.h"
#include "firmware/xen_hypercall.h"

#include <xen/event_channel.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/memory.h>
#include <xen/sched.h>

#define WORDS (sizeof(((struct shared_info *)0)->evtchn_pending) / sizeof(xen_ulong_t))
#define PORTS (WORDS * 64)

#define TIME_TRIES 1000 /* reads of the time while Xen writes it, which takes a few instructions */

_Static_assert(sizeof(struct vcpu_info) == 64, "public/xen.h: \"64 bytes (x86)\"");
_Static_assert(__builtin_offsetof(struct vcpu_info, time) == 32 && sizeof(struct vcpu_time_info) == 32,
               "public/xen.h: vcpu_info");
_Static_assert(__builtin_offsetof(struct shared_info, evtchn_pending) == 2048 &&
                   __builtin_offsetof(struct shared_info, evtchn_mask) == 2560,
               "public/xen.h: shared_info, 32 vcpu_infos and then 64 words each");

static struct shared_info *shared; /* NULL: not started */
static xen_ulong_t masks[WORDS] NOINIT, ours[WORDS] NOINIT, taken[WORDS] NOINIT;

static xen_ulong_t bit(uint32_t port)
{
    return 1ul << port % 64;
}

/*
 * Where shared_info's parts are depends on the mode of the processor in which a domain last said how it is told of
 * events (Xen's hvm_latch_shinfo_size); firmware before us, hvmloader for one, has said so in 32-bit mode. We say it
 * now: not at all, as in every new domain.
 */
static void use_64_bits(void)
{
    struct xen_hvm_param parameter = { .domid = DOMID_SELF, .index = HVM_PARAM_CALLBACK_IRQ, .value = 0 };

    xen_hypercall(__HYPERVISOR_hvm_op, HVMOP_set_param, (uint64_t)&parameter, 0, 0);
}

bool xen_events_start(struct memory_map *map, struct failure *failure)
{
    uint64_t address;

    if (shared)
        return true;
    if (!xen_frames_reserve(map, 1, &address, "Xen's events", failure))
        return false;
    if (!xen_frame_map(XENMAPSPACE_shared_info, 0, address))
        return fail(failure, "Xen's events", "Xen does not give its shared page");
    use_64_bits();
    shared = (struct shared_info *)address;
    memcpy(masks, shared->evtchn_mask, sizeof(masks));
    memset(ours, 0, sizeof(ours));
    memset(taken, 0, sizeof(taken));
    for (unsigned i = 0; i < WORDS; i++)
        __atomic_store_n(&shared->evtchn_mask[i], ~0ul, __ATOMIC_SEQ_CST);
    return true;
}

bool xen_event_allocate(uint16_t domain, uint32_t *port, struct failure *failure)
{
    struct evtchn_alloc_unbound request = { .dom = DOMID_SELF, .remote_dom = domain };

    if (!shared)
        return fail(failure, "Xen's events", "not started");
    if (xen_hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, (uint64_t)&request, 0, 0))
        return fail(failure, "Xen's events", "no port for domain %u", domain);
    *port = request.port;
    if (*port >= PORTS) {
        xen_event_close(*port);
        return fail(failure, "Xen's events", "port %u is beyond what a shared page has", *port);
    }
    ours[*port / 64] |= bit(*port);
    return true;
}

void xen_event_send(uint32_t port)
{
    struct evtchn_send request = { .port = port };

    xen_hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, (uint64_t)&request, 0, 0);
}

/* Whether an event was there, which is then taken. */
static bool take(uint32_t port)
{
    const xen_ulong_t before = __atomic_fetch_and(&shared->evtchn_pending[port / 64], ~bit(port), __ATOMIC_SEQ_CST);

    if (!(before & bit(port)))
        return false;
    taken[port / 64] |= bit(port);
    return true;
}

bool xen_event_wait(uint32_t port, uint64_t nanoseconds)
{
    evtchn_port_t ports = port;
    struct sched_poll request = { .nr_ports = 1 };

    if (!shared || port >= PORTS)
        return false;
    if (take(port))
        return true;
    request.timeout = xen_time() + nanoseconds;
    set_xen_guest_handle(request.ports, &ports);
    xen_hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, (uint64_t)&request, 0, 0);
    return take(port);
}

void xen_event_close(uint32_t port)
{
    struct evtchn_close request = { .port = port };

    xen_hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_close, (uint64_t)&request, 0, 0);
    if (!shared || port >= PORTS)
        return;
    take(port);
    taken[port / 64] &= ~bit(port);
    ours[port / 64] &= ~bit(port);
}

uint64_t xen_time(void)
{
    const volatile struct vcpu_time_info *info;

    if (!shared)
        return 0;
    info = &shared->vcpu_info[0].time;
    for (unsigned i = 0; i < TIME_TRIES; i++) {
        const uint32_t version = __atomic_load_n(&info->version, __ATOMIC_ACQUIRE);
        const uint64_t ticks = __builtin_ia32_rdtsc() - info->tsc_timestamp;
        const uint64_t shifted =
            info->tsc_shift < 0 ? ticks >> (-info->tsc_shift & 63) : ticks << (info->tsc_shift & 63);
        const uint64_t time =
            info->system_time + (uint64_t)(((unsigned __int128)shifted * info->tsc_to_system_mul) >> 32);

        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (!(version & 1) && version == info->version)
            return time;
    }
    return 0;
}

void xen_events_end(void)
{
    if (!shared)
        return;
    for (uint32_t port = 0; port < PORTS; port++) {
        if (ours[port / 64] & bit(port))
            xen_event_close(port);
    }
    for (unsigned i = 0; i < WORDS; i++) {
        __atomic_fetch_or(&shared->evtchn_pending[i], taken[i], __ATOMIC_SEQ_CST);
        __atomic_store_n(&shared->evtchn_mask[i], masks[i], __ATOMIC_SEQ_CST);
    }
    xen_frame_unmap((uint64_t)shared);
    shared = NULL;
}

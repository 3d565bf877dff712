/* SPDX-License-Identifier: BSD-2-Clause */
/* Showing struct handoff to a person (qv.debug): a line a fact, absent ones said to be absent. */
#include "common/console.h"
#include "handoff/handoff.h"

static void print_address(const char *name, struct known_address known)
{
    if (known.present)
        print("  %-13s 0x%lx\n", name, known.address);
    else
        print("  %-13s absent\n", name);
}

static void print_screens(const struct handoff *handoff)
{
    const struct handoff_framebuffer *fb = &handoff->framebuffer;
    const struct handoff_text_screen *text = &handoff->text_screen;

    if (fb->present)
        print("  framebuffer   0x%lx, %ux%u, %u bits, %u bytes a line\n", fb->address, fb->width, fb->height, fb->bits,
              fb->pitch);
    else
        print("  framebuffer   absent\n");
    if (text->present)
        print("  text screen   %ux%u, cursor at %u,%u\n", text->columns, text->rows, text->column, text->row);
    else
        print("  text screen   absent\n");
}

static void print_platform(const struct handoff *handoff)
{
    const struct handoff_efi *efi = &handoff->efi;

    if (efi->present)
        print("  efi           system table 0x%lx, boot services %s\n", efi->system_table,
              efi->boot_services ? "alive" : "ended");
    else
        print("  efi           absent\n");
    if (handoff->xen.present)
        print("  xen           CPUID leaves at 0x%x\n", handoff->xen.cpuid_base);
    else
        print("  xen           absent\n");
    if (handoff->boot_drive.present)
        print("  boot drive    0x%x\n", handoff->boot_drive.drive);
    else
        print("  boot drive    absent\n");
    if (handoff->random_seed.data)
        print("  random seed   %lu bytes\n", handoff->random_seed.size);
    else
        print("  random seed   absent\n");
}

void handoff_print(const struct handoff *handoff)
{
    print("handoff version %u\n", handoff->version);
    print("  door          %s\n", door_name(handoff->door));
    print("  loader        %s, type 0x%x\n", handoff->loader_name ? handoff->loader_name : "absent",
          handoff->loader_type);
    print("  image         0x%lx\n", handoff->image);
    print("  command line  %s\n", handoff->command_line);
    print_address("rsdp", handoff->rsdp);
    print_address("smbios", handoff->smbios);
    print_address("smbios3", handoff->smbios3);
    print_address("device tree", handoff->device_tree);
    print_screens(handoff);
    print_platform(handoff);
    for (uint32_t i = 0; i < handoff->setup_data_count; i++)
        print("  setup_data    type %u at 0x%lx\n", handoff->setup_data[i].type, handoff->setup_data[i].address);
    for (uint32_t i = 0; i < handoff->module_count; i++)
        print("  module        0x%lx + 0x%lx %s\n", handoff->modules[i].start, handoff->modules[i].size,
              handoff->modules[i].string);
    for (uint32_t i = 0; i < handoff->map.count; i++) {
        const struct range *range = &handoff->map.ranges[i];

        print("  memory        0x%016lx-0x%016lx %s%s\n", range->start, range->end - 1, map_type_name(range->type),
              range->flags & MAP_RUNTIME ? " runtime" : "");
    }
}

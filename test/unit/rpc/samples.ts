// Parameters with which the fake daemon grants each method; where there are none, it takes none.
export const samples: Readonly<Record<string, object>> = {
  terminate: { sa: 7 },
  rekey: { sa: 7 },
  initiate: { connection: 'office' },
  ca_create: { names: ['vpn.example.org'] },
  certificate_issue: { name: 'anna' },
  certificate_revoke: { certificate: 'anna' },
  user_set: { name: 'anna' },
  user_delete: { name: 'anna' },
  device_add: { name: 'anna-iphone' },
  link_create: { name: 'anna-iphone', format: 'mobileconfig' },
  link_delete: { id: 'a1' },
  device_set: { name: 'anna-iphone' },
  device_export: { name: 'anna-iphone', format: 'mobileconfig' },
  device_revoke: { device: 'anna-iphone' },
  config_import: { content: "config remote 'office'" },
  certificate_import: { name: 'acme', content: 'AAAA' },
};

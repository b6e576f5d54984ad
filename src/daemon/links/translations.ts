// What the page of a one-time link says in other languages than English, by its shape: %s is a value. Written by
// `node cross/gen-po.mjs` from luci-app/po.
export const translations: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  de: {
    'Save %s': '%s sichern',
    'Password: %s': 'Passwort: %s',
    'Passphrase: %s': 'Kennwort: %s',
    'One minute is left.': 'Eine Minute bleibt.',
    '%s minutes are left.': '%s Minuten bleiben.',
    'VPN for %s': 'VPN für %s',
    'Each file can be fetched once.': 'Jede Datei kann einmal geholt werden.',
    'Tap each blue button, and allow the download.':
      'Tippen Sie auf jeden blauen Knopf, und erlauben Sie den Download.',
    'This link was used, or its time is over. Make a new one on the router.':
      'Dieser Link wurde benutzt, oder seine Zeit ist um. Machen Sie auf dem Router einen neuen.',
    'Nothing here': 'Hier ist nichts',
    'Set a screen lock, if the device has none: Android keeps credentials only behind one.':
      'Richten Sie eine Bildschirmsperre ein, wenn das Gerät keine hat: nur dahinter bewahrt Android Zugangsdaten auf.',
    'ca.crt on the device: Settings › Security › Encryption & credentials › Install a certificate › VPN & app user certificate.':
      'ca.crt auf dem Gerät: Einstellungen › Sicherheit › Verschlüsselung und Anmeldedaten › Zertifikat installieren › VPN- und App-Nutzerzertifikat.',
    'Install %s.p12 the same way; its passphrase is %s.':
      'Installieren Sie %s.p12 ebenso; das Kennwort ist %s.',
    'Settings › Network & internet › VPN › + (Samsung: Connections › More connection settings › VPN › ⋮), and type what stands in %s.txt; every line must be filled in.':
      'Einstellungen › Netzwerk und Internet › VPN › + (Samsung: Verbindungen › Weitere Verbindungseinstellungen › VPN › ⋮), und tippen Sie ein, was in %s.txt steht; jede Zeile muss ausgefüllt sein.',
    'Tap the connection, and Connect. For «Always-on VPN» tap the cog beside it.':
      'Tippen Sie auf die Verbindung und auf Verbinden. Für «Durchgehend aktives VPN» tippen Sie auf das Zahnrad daneben.',
    'Open the file on the device, in Safari, Mail, Files or by AirDrop.':
      'Öffnen Sie die Datei auf dem Gerät, in Safari, Mail, Dateien oder mit AirDrop.',
    'iPhone and iPad: Settings › General › VPN & Device Management, tap the profile, Install. Mac: System Settings › General › Device Management, double-click it.':
      'iPhone und iPad: Einstellungen › Allgemein › VPN und Geräteverwaltung, tippen Sie auf das Profil, Installieren. Mac: Systemeinstellungen › Allgemein › Geräteverwaltung, doppelklicken Sie darauf.',
    'Type the password of this device when you are asked for it.':
      'Tippen Sie das Passwort dieses Geräts ein, wenn danach gefragt wird.',
    'The VPN connects by itself away from home.': 'Das VPN verbindet sich unterwegs von selbst.',
    'Switch on «%s» in Settings › VPN.': 'Schalten Sie «%s» unter Einstellungen › VPN ein.',
    'Home VPN (%s)': 'VPN nach Hause (%s)',
    "the networks at home are not known: set list home_net of the service, or choose routing 'all'":
      "die Netze zu Hause sind nicht bekannt: setzen Sie list home_net des Abschnitts service, oder wählen Sie routing 'all'",
    'a join text holds a password: make a new one for it (renew)':
      'ein Verbindungstext enthält ein Passwort: machen Sie ein neues dafür (renew)',
    'Copy the file to the other router, by scp or into its terminal.':
      'Kopieren Sie die Datei auf den anderen Router, mit scp oder in sein Terminal.',
    'There: ikectl join, with the name of that file.':
      'Dort: ikectl join, mit dem Namen dieser Datei.',
    'The tunnel comes up by itself; «ikectl status» shows it on both routers.':
      'Der Tunnel steht von selbst; «ikectl status» zeigt ihn auf beiden Routern.',
    'libreswan has no EAP-MSCHAPv2: give the device a certificate':
      'libreswan hat kein EAP-MSCHAPv2: geben Sie dem Gerät ein Zertifikat',
    'Where «ipsec --version» says 4, install %s-libreswan-4.conf in its place: it reaches %s alone.':
      'Wo «ipsec --version» 4 sagt, kommt %s-libreswan-4.conf an ihre Stelle: sie erreicht nur %s.',
    'libreswan cannot write %s: rename the device':
      'libreswan kann %s nicht schreiben: benennen Sie das Gerät um',
    'Install the plugin: apt install network-manager-strongswan libcharon-extauth-plugins libcharon-extra-plugins (Fedora: NetworkManager-strongswan).':
      'Installieren Sie das Plugin: apt install network-manager-strongswan libcharon-extauth-plugins libcharon-extra-plugins (Fedora: NetworkManager-strongswan).',
    'Install %s.': 'Installieren Sie %s.',
    'Give the file to the VPNv2 provider by Intune, or as the system by the WMI bridge: ./Device/Vendor/MSFT/VPNv2/%s/ProfileXML.':
      'Geben Sie die Datei mit Intune dem VPNv2-Provider, oder als System über die WMI-Brücke: ./Device/Vendor/MSFT/VPNv2/%s/ProfileXML.',
    'The passphrase of the certificate is %s.': 'Das Kennwort des Zertifikats ist %s.',
    'The first time, type the user name %s and its password.':
      'Tippen Sie beim ersten Mal den Benutzernamen %s und sein Passwort ein.',
    'Install the app «strongSwan VPN Client», from Google Play or F-Droid.':
      'Installieren Sie die App «strongSwan VPN Client», von Google Play oder F-Droid.',
    'Open the file on the device, with that app.':
      'Öffnen Sie die Datei auf dem Gerät, mit dieser App.',
    'Type the password of this device.': 'Tippen Sie das Passwort dieses Geräts ein.',
    'Tap «Import certificate from VPN profile», and type the passphrase %s, once.':
      'Tippen Sie auf «Zertifikat aus VPN Profil importieren», und tippen Sie einmal das Kennwort %s ein.',
    'Tap «Select user certificate», and choose that certificate.':
      'Tippen Sie auf «Benutzer-Zertifikat auswählen», und wählen Sie dieses Zertifikat.',
    'Tap Import.': 'Tippen Sie auf Importieren.',
    'Tap «%s» to connect.': 'Tippen Sie auf «%s», um sich zu verbinden.',
    'option %s of the connection allows no mlkem768: add ke1_mlkem768 to it, or choose a suite':
      'Option %s der Verbindung erlaubt kein mlkem768: fügen Sie ke1_mlkem768 hinzu, oder wählen Sie eine suite',
    "%s has none of the algorithms that option %s of the connection allows: add some, or choose suite 'compatible'":
      "%s hat keines der Verfahren, die option %s der Verbindung erlaubt: fügen Sie einige hinzu, oder wählen Sie suite 'compatible'",
    'Install strongSwan with swanctl%s.': 'Installieren Sie strongSwan mit swanctl%s.',
    'and EAP-MSCHAPv2 (libcharon-extauth-plugins and libcharon-extra-plugins)':
      'und EAP-MSCHAPv2 (libcharon-extauth-plugins und libcharon-extra-plugins)',
    'Write the password of this device into %s, where «# secret» stands, and take the # away.':
      'Schreiben Sie das Passwort dieses Geräts in %s, wo «# secret» steht, und nehmen Sie das # weg.',
    'Copy the file to the computer, open Terminal (Admin), and go to its folder.':
      'Kopieren Sie die Datei auf den Computer, öffnen Sie Terminal (Administrator), und gehen Sie in ihren Ordner.',
    'Run: powershell -ExecutionPolicy Bypass -File .\\%s':
      'Führen Sie aus: powershell -ExecutionPolicy Bypass -File .\\%s',
    'Click the network symbol, choose «%s», Connect.':
      'Klicken Sie auf das Netzwerksymbol, wählen Sie «%s», Verbinden.',
    'Type the user name %s and its password; Windows remembers them.':
      'Tippen Sie den Benutzernamen %s und sein Passwort ein; Windows merkt sie sich.',
    'Delete the file: it holds the key of this device.':
      'Löschen Sie die Datei: sie enthält den Schlüssel dieses Geräts.',
    'It connects when you choose it: a script cannot make Windows do that by itself.':
      'Es verbindet sich, wenn Sie es wählen: ein Skript kann Windows nicht dazu bringen, das von selbst zu tun.',
  },
};
